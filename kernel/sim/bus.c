// SPDX-License-Identifier: GPL-2.0-only
/*
 * The SPI controller of the simulated hat.
 */

#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/of.h>
#include <linux/sched.h>
#include <linux/spi/spi.h>
#include <linux/spinlock.h>
#include <linux/time64.h>
#include <linux/timekeeping.h>

#include "../compat.h"
#include "sim.h"

#define SIM_SPI_DELAY_MAX_US	1000000
#define SIM_SPIN_US		20
/* The raw spinlock is held for that many bytes at most */
#define SIM_BURST_BYTES		32
/* Above that rate two bytes on the bus are less than tSDECODE apart */
#define SIM_DECODE_MAX_HZ	(ADS_FCLK_HZ / ADS_DECODE_CLOCKS * 8)

static unsigned int spi_delay_us;
module_param(spi_delay_us, uint, 0644);
MODULE_PARM_DESC(spi_delay_us, "time an SPI transfer takes on the wire, in microseconds (default 0)");

static bool wire;
module_param(wire, bool, 0644);
MODULE_PARM_DESC(wire, "a transfer takes as long as its bits do at their rate, and spi_delay_us (default N)");

static unsigned int vcap1_ms;
module_param(vcap1_ms, uint, 0444);
MODULE_PARM_DESC(vcap1_ms, "time after power-up until VCAP1 lets a reset work (default 0)");

static bool report_speed = true;
module_param(report_speed, bool, 0644);
MODULE_PARM_DESC(report_speed, "the controller says how fast a transfer was, as few do (default Y)");

static struct sim *sim_of_spi(struct spi_device *spi)
{
	struct sim_hat *hat = spi_controller_get_devdata(spi->controller);

	return hat->sims[spi_get_chipselect(spi, 0)];
}

static void sim_set_cs(struct spi_device *spi, bool high)
{
	struct sim *sim = sim_of_spi(spi);
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&sim->lock, flags);
	for (i = 0; i < sim->num_chips; i++)
		ads_chip_select(&sim->chips[i], !high);
	raw_spin_unlock_irqrestore(&sim->lock, flags);
}

/* The chips share DIN, and the DOUT of each is the DAISY_IN of the one before */
static u8 sim_shift_byte(struct sim *sim, u8 din)
{
	unsigned int i = sim->num_chips;
	u8 dout = 0;

	while (i--)
		dout = ads_chip_exchange(&sim->chips[i], din, dout);

	return dout;
}

/* Which bits of the next byte arrive inverted */
static u8 sim_flip(struct sim *sim)
{
	struct sim_faults *faults = &sim->faults;
	int byte;

	if (likely(!faults->flip.left && !faults->flipping))
		return 0;

	byte = ads_chip_data_byte(&sim->chips[0]);
	if (!byte)
		faults->flipping = sim_fault_strikes(&faults->flip);
	if (!faults->flipping || byte != faults->flip.arg / 8)
		return 0;

	faults->flipping = false;
	sim->counters.flipped++;

	return 0x80 >> faults->flip.arg % 8;
}

/* Has a transfer begun that the chip is not ready for? */
static void sim_check_ready(struct sim *sim)
{
	lockdep_assert_held(&sim->lock);

	if (likely(!sim->ready))
		return;

	if (ktime_get() < sim->ready)
		sim->counters.too_soon++;
	else
		sim->ready = 0;
}

/* VCAP1 is up by now? What was powered before that is not as a reset would have left it (11.1) */
static void sim_heed_vcap1(struct sim *sim)
{
	unsigned int i;

	if (likely(!sim->vcap1_up) || ktime_get() < sim->vcap1_up)
		return;

	sim->vcap1_up = 0;
	for (i = 0; i < sim->num_chips; i++)
		ads_chip_set_vcap1(&sim->chips[i], true);
}

/**
 * sim_heed_power() - power may have come just now: VCAP1 is charged then
 * @sim: the chip select
 */
void sim_heed_power(struct sim *sim)
{
	u64 power_ups = 1 + sim->chips[0].stats.power_ups;
	unsigned int i;

	lockdep_assert_held(&sim->lock);

	if (!vcap1_ms || sim->power_ups == power_ups)
		return;

	sim->power_ups = power_ups;
	sim->vcap1_up = ktime_add_ms(ktime_get(), vcap1_ms);
	for (i = 0; i < sim->num_chips; i++)
		ads_chip_set_vcap1(&sim->chips[i], false);
}

/**
 * sim_heed_busy_chip() - the chip may have been reset, powered up or woken
 * @sim: the chip select
 */
void sim_heed_busy_chip(struct sim *sim)
{
	struct ads_chip *chip = &sim->chips[0];

	lockdep_assert_held(&sim->lock);

	if (likely(!chip->busy_clocks))
		return;

	sim->ready = ktime_get() + div_u64(chip->busy_clocks * sim->hat->clock_fs, 1000000);
	chip->busy_clocks = 0;
}

static void sim_exchange(struct sim *sim, struct spi_transfer *xfer, unsigned int from,
			 unsigned int to)
{
	bool too_fast = xfer->speed_hz > SIM_DECODE_MAX_HZ && !xfer->word_delay.value;
	const u8 *tx = xfer->tx_buf;
	u8 *rx = xfer->rx_buf;
	unsigned long flags;
	unsigned int i;
	u8 flip, dout;

	raw_spin_lock_irqsave(&sim->lock, flags);
	if (!from) {
		sim_check_ready(sim);
		sim_heed_vcap1(sim);
	}
	for (i = from; i < to; i++) {
		if (too_fast && i && ads_chip_in_register_command(&sim->chips[0]))
			sim->counters.decode_violations++;
		flip = sim_flip(sim);
		dout = sim_shift_byte(sim, tx ? tx[i] : 0) ^ flip;
		if (rx)
			rx[i] = dout;
	}
	sim_heed_busy_chip(sim);
	sim_follow_chip(sim);
	raw_spin_unlock_irqrestore(&sim->lock, flags);
}

/* Busy for as long as a controller without DMA would be: sleeping takes longer than that */
static void sim_delay_ns(u64 ns)
{
	unsigned int us = div_u64(ns, NSEC_PER_USEC);

	if (us > SIM_SPIN_US)
		usleep_range(us, us + us / 16 + 1);
	else if (ns)
		ndelay(ns);
}

/* What goes wrong with this transfer? Returns -EIO or how many microseconds longer it takes */
static int sim_transfer_faults(struct sim *sim)
{
	struct sim_faults *faults = &sim->faults;
	unsigned long flags;
	int ret = 0;

	if (likely(!READ_ONCE(faults->spi_fail.left) && !READ_ONCE(faults->spi_delay.left)))
		return 0;

	raw_spin_lock_irqsave(&sim->lock, flags);
	if (sim_fault_strikes(&faults->spi_delay)) {
		sim->counters.spi_delayed++;
		ret = faults->spi_delay.arg;
	}
	if (sim_fault_strikes(&faults->spi_fail)) {
		sim->counters.spi_failed++;
		ret = -EIO;
	}
	raw_spin_unlock_irqrestore(&sim->lock, flags);

	return ret;
}

/*
 * The CPUs of a virtual machine may be stopped one by one. A chip that goes on
 * converting while the SPI thread stands still would lose samples as no real
 * one does, so they share a CPU. An administrator may put the thread elsewhere.
 *
 * Where several chip selects convert, the thread keeps to the one it is with.
 */
static void sim_follow_timer(struct sim *sim)
{
	struct sim_hat *hat = sim->hat;
	int cpu = READ_ONCE(sim->cpu);

	if (likely(cpu == hat->thread_cpu))
		return;
	if (hat->thread_of && hat->thread_of != sim &&
	    ads_chip_converting(&hat->thread_of->chips[0]))
		return;

	hat->thread_of = sim;
	hat->thread_cpu = cpu;
	if (set_cpus_allowed_ptr(hat->host->kworker->task, cpumask_of(cpu)))
		dev_dbg(hat->dev, "SPI thread not bound to CPU %d\n", cpu);
}

static u32 sim_speed_hz(unsigned int bytes, u64 wire_ns)
{
	if (!bytes || !wire_ns)
		return U32_MAX;

	return clamp(div64_u64(bytes * 8ULL * NSEC_PER_SEC, wire_ns), 1ULL, (u64)U32_MAX);
}

/*
 * The time on the wire passes after the first byte: DRDY has gone high and
 * RDATA has latched its frame by then, and conversions may complete before
 * the last bit is out.
 */
static int sim_transfer_one(struct spi_controller *host, struct spi_device *spi,
			    struct spi_transfer *xfer)
{
	struct sim *sim = sim_of_spi(spi);
	unsigned int burst = xfer->word_delay.value ? 1 : SIM_BURST_BYTES;
	unsigned int from, to;
	u64 wire_ns = 0;
	int fault_us;

	fault_us = sim_transfer_faults(sim);
	if (fault_us < 0)
		return fault_us;

	/* Of all bytes but the first: see below */
	if (READ_ONCE(wire))
		wire_ns = div_u64((xfer->len - 1) * 8ULL * NSEC_PER_SEC, xfer->speed_hz);
	wire_ns += NSEC_PER_USEC * min_t(u64, (u64)READ_ONCE(spi_delay_us) + fault_us,
					 SIM_SPI_DELAY_MAX_US);

	for (from = 0; from < xfer->len; from = to) {
		to = from ? min(from + burst, xfer->len) : 1;
		sim_exchange(sim, xfer, from, to);
		if (!from)
			sim_delay_ns(wire_ns);
		spi_delay_exec(&xfer->word_delay, xfer);
	}
	/* Says how long ago the first bits were: where they took no time, faster than any bus */
	if (READ_ONCE(report_speed))
		xfer->effective_speed_hz = sim_speed_hz(xfer->len - 1, wire_ns);
	sim_follow_timer(sim);

	return 0;
}

/**
 * sim_spi_name() - what the SPI core will call the chips of a chip select
 * @sim: the chip select
 *
 * Return: name of the device, for as long as the hat is there, or NULL.
 */
const char *sim_spi_name(struct sim *sim)
{
	struct sim_hat *hat = sim->hat;

	if (SIM_SPI_NAMED_BY_NODE && !dev_of_node(hat->dev))
		return devm_kasprintf(hat->dev, GFP_KERNEL, "spi-%s", sim->name);

	return devm_kasprintf(hat->dev, GFP_KERNEL, "%s.%u", dev_name(&hat->host->dev), sim->index);
}

int sim_add_spi_host(struct sim_hat *hat)
{
	struct spi_controller *host;

	host = devm_spi_alloc_host(hat->dev, 0);
	if (!host)
		return -ENOMEM;

	spi_controller_set_devdata(host, hat);
	host->dev.of_node = hat->dev->of_node;
	host->bus_num = -1;
	host->num_chipselect = hat->num_sims;
	host->mode_bits = SPI_CPHA;
	host->bits_per_word_mask = SPI_BPW_MASK(8);
	host->max_speed_hz = ADS_SCLK_MAX_HZ;
	host->set_cs = sim_set_cs;
	host->transfer_one = sim_transfer_one;
	hat->host = host;
	hat->thread_cpu = -1;

	return devm_spi_register_controller(hat->dev, host);
}

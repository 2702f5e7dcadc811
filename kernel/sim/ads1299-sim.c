// SPDX-License-Identifier: GPL-2.0-only
/*
 * A simulated hat: an SPI bus with an ADS1299 on it, its DRDY interrupt, and
 * /dev/ads1299-sim0, into which a program writes the voltages at the
 * electrodes. For tests and for trying the software without hardware.
 *
 * Needs nothing of the kernel that a stock distribution kernel lacks: it
 * brings its own interrupt chip, and software nodes take the place of the
 * device tree.
 *
 * What runs where:
 * - A high-resolution timer in hard interrupt context completes conversions:
 *   it takes a frame from the queue, hands it to the chip and raises DRDY.
 * - SPI transfers run in the thread of the SPI core or of the caller.
 * - write(), poll() and fsync() put frames into the queue and wait for space.
 *
 * One raw spinlock covers the chip and everything about its timing, because
 * the timer must not sleep, on PREEMPT_RT neither. Writers are woken through
 * irq_work, which may take the sleeping lock of a wait queue.
 */

#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irq_work.h>
#include <linux/irqdesc.h>
#include <linux/irqdomain.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/poll.h>
#include <linux/property.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spi/spi.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "ads1299.h"
#include "../compat.h"
#include "chip.h"

#define SIM_NAME		"ads1299-sim"
#define SIM_DEVICE_NAME		SIM_NAME "0"

#define SIM_QUEUE_FRAMES	1024	/* power of two */
/* Wake a blocked writer when a quarter of the queue is free, not for every frame */
#define SIM_WAKE_FRAMES		(SIM_QUEUE_FRAMES * 3 / 4)

/* How often one conversion waits for a driver that a stall has kept from reading */
#define SIM_POSTPONE_MAX	10

/* With high-resolution timers it is 1 ns, without them a tick of milliseconds */
#define SIM_TIMER_RESOLUTION_NS	10000

/* So many conversions may follow each other quickly after a stall */
#define SIM_BURST_CONVERSIONS	32

#define SIM_SPI_DELAY_MAX_US	1000000
#define SIM_CLOCK_PPM_MAX	100000
/* The raw spinlock is held for that many bytes at most */
#define SIM_BURST_BYTES		32
/* Above that rate two bytes on the bus are less than tSDECODE apart */
#define SIM_DECODE_MAX_HZ	(ADS1299_FCLK_HZ / ADS1299_DECODE_CLOCKS * 8)

static unsigned int channels = ADS1299_MAX_CHANNELS;
module_param(channels, uint, 0444);
MODULE_PARM_DESC(channels, "number of channels: 8 (ADS1299), 6 or 4 (default 8)");

static unsigned int spi_delay_us;
module_param(spi_delay_us, uint, 0644);
MODULE_PARM_DESC(spi_delay_us, "time an SPI transfer takes on the wire, in microseconds (default 0)");

static int clock_ppm;
module_param(clock_ppm, int, 0444);
MODULE_PARM_DESC(clock_ppm, "error of the chip's oscillator, positive: too fast (default 0)");

/**
 * struct sim_counters - what the hat did: the truth for tests
 * @drdy_edges: interrupts raised
 * @drdy_masked: DRDY edges while the interrupt was masked: nobody saw them
 * @decode_violations: bytes of RREG or WREG that came faster than tSDECODE
 * @late_conversions: conversions that came more than their duration too late
 * @postponed: times a conversion waited because the machine had stalled
 */
struct sim_counters {
	u64 drdy_edges;
	u64 drdy_masked;
	u64 decode_violations;
	u64 late_conversions;
	u64 postponed;
};

/**
 * struct sim - the hat
 * @dev: platform device, parent of everything else
 * @lock: protects all from @chip to @counters
 * @chip: the chip
 * @epoch: value of @chip.epoch the timer was set for
 * @due: when the next conversion completes, had the timer no latency
 * @due_rest: fraction of a nanosecond of @due, in units of 1 / (10^6 + ppm) ns
 * @begun: when the conversion under way began
 * @duration_ns: how long it takes
 * @complete_at: when it completes, stalls considered
 * @watching: the timer is set to look before that whether the driver keeps up
 * @expiry: what the timer is set to
 * @postponed: how often the conversion under way has waited for the driver
 * @head: number of frames ever written
 * @tail: number of frames ever converted
 * @first: value of @head when the device was last opened
 * @frame: latest frame converted, counted from @first; -1 before the first one
 * @frame_time_ns: CLOCK_BOOTTIME of the DRDY edge of @frame
 * @underruns: conversions without a frame since the device was opened
 * @writing: the device is open
 * @counters: what the hat did
 * @timer: completes the conversion under way
 * @cpu: where @timer runs
 * @spi_cpu: where the SPI thread runs
 * @domain: has one interrupt: DRDY
 * @domain_name: firmware node that names @domain
 * @irq: Linux number of DRDY
 * @irq_masked: the interrupt is masked at the chip
 * @retrigger: raises DRDY again on behalf of the interrupt core
 * @host: SPI controller
 * @spi: the chip as the SPI core sees it
 * @nodes: firmware description of the hat
 * @misc: /dev/ads1299-sim0
 * @write_lock: one write() at a time, however many threads share the file
 * @wait: writers waiting for space, and for the queue to be empty
 * @wake: wakes @wait
 * @queue: ring of frames, @chip.part->channels values each
 */
struct sim {
	struct device *dev;

	raw_spinlock_t lock;
	struct ads_chip chip;
	u32 epoch;
	ktime_t due;
	u64 due_rest;
	ktime_t begun;
	s64 duration_ns;
	ktime_t complete_at;
	ktime_t expiry;
	bool watching;
	u8 postponed;
	u64 head;
	u64 tail;
	u64 first;
	s64 frame;
	u64 frame_time_ns;
	u64 underruns;
	bool writing;
	struct sim_counters counters;

	struct hrtimer timer;
	int cpu;
	int spi_cpu;

	struct irq_domain *domain;
	struct fwnode_handle *domain_name;
	unsigned int irq;
	bool irq_masked;
	struct irq_work retrigger;

	struct spi_controller *host;
	struct spi_device *spi;
	const struct software_node *nodes[1 + ADS1299_MAX_CHANNELS + 1];

	struct miscdevice misc;
	struct mutex write_lock;	/* the far end of @queue, see sim_queue_frames() */
	wait_queue_head_t wait;
	struct irq_work wake;
	s32 queue[SIM_QUEUE_FRAMES * ADS1299_MAX_CHANNELS];
};

/* --- DRDY interrupt ------------------------------------------------------- */

/* Hard interrupt context, @lock not held */
static void sim_raise_irq(struct sim *sim)
{
	bool masked = READ_ONCE(sim->irq_masked);

	raw_spin_lock(&sim->lock);
	if (masked)
		sim->counters.drdy_masked++;
	else
		sim->counters.drdy_edges++;
	raw_spin_unlock(&sim->lock);

	if (!masked)
		generic_handle_domain_irq(sim->domain, 0);
}

static void sim_retrigger_work(struct irq_work *work)
{
	struct sim *sim = container_of(work, struct sim, retrigger);

	if (!READ_ONCE(sim->irq_masked))
		generic_handle_domain_irq(sim->domain, 0);
}

static void sim_irq_mask(struct irq_data *data)
{
	struct sim *sim = irq_data_get_irq_chip_data(data);

	WRITE_ONCE(sim->irq_masked, true);
}

static void sim_irq_unmask(struct irq_data *data)
{
	struct sim *sim = irq_data_get_irq_chip_data(data);

	WRITE_ONCE(sim->irq_masked, false);
}

/* Nothing is latched here, so nothing is to be cleared; but edge handling wants it */
static void sim_irq_ack(struct irq_data *data)
{
}

static int sim_irq_set_type(struct irq_data *data, unsigned int type)
{
	return type == IRQ_TYPE_EDGE_FALLING ? IRQ_SET_MASK_OK : -EINVAL;
}

/*
 * An edge that came while the interrupt was disabled is delivered when it is
 * enabled, as on real interrupt controllers. The core calls this with the
 * descriptor locked: the handler must run later.
 */
static int sim_irq_retrigger(struct irq_data *data)
{
	struct sim *sim = irq_data_get_irq_chip_data(data);

	irq_work_queue(&sim->retrigger);

	return 1;
}

static struct irq_chip sim_irq_chip = {
	.name = SIM_NAME,
	.irq_mask = sim_irq_mask,
	.irq_unmask = sim_irq_unmask,
	.irq_ack = sim_irq_ack,
	.irq_set_type = sim_irq_set_type,
	.irq_retrigger = sim_irq_retrigger,
};

static int sim_irq_map(struct irq_domain *domain, unsigned int irq, irq_hw_number_t hwirq)
{
	irq_set_chip_data(irq, domain->host_data);
	irq_set_chip_and_handler(irq, &sim_irq_chip, handle_edge_irq);
	irq_set_noprobe(irq);

	return 0;
}

static const struct irq_domain_ops sim_irq_domain_ops = {
	.map = sim_irq_map,
};

static void sim_remove_irq(void *data)
{
	struct sim *sim = data;

	irq_work_sync(&sim->retrigger);
	irq_dispose_mapping(sim->irq);
	irq_domain_remove(sim->domain);
	irq_domain_free_fwnode(sim->domain_name);
}

static int sim_add_irq(struct sim *sim)
{
	int ret = -ENOMEM;

	sim->irq_masked = true;
	sim->retrigger = IRQ_WORK_INIT_HARD(sim_retrigger_work);

	sim->domain_name = irq_domain_alloc_named_fwnode(SIM_NAME);
	if (!sim->domain_name)
		return -ENOMEM;

	sim->domain = irq_domain_create_linear(sim->domain_name, 1, &sim_irq_domain_ops, sim);
	if (!sim->domain)
		goto free_name;

	sim->irq = irq_create_mapping(sim->domain, 0);
	if (!sim->irq)
		goto remove_domain;

	/* What the interrupts property of a device tree would say */
	ret = irq_set_irq_type(sim->irq, IRQ_TYPE_EDGE_FALLING);
	if (ret)
		goto dispose_mapping;

	return devm_add_action_or_reset(sim->dev, sim_remove_irq, sim);

dispose_mapping:
	irq_dispose_mapping(sim->irq);
remove_domain:
	irq_domain_remove(sim->domain);
free_name:
	irq_domain_free_fwnode(sim->domain_name);

	return ret;
}

/* --- pacing --------------------------------------------------------------- */

static void sim_set_timer(struct sim *sim, ktime_t expiry)
{
	lockdep_assert_held(&sim->lock);

	sim->expiry = expiry;
	hrtimer_start(&sim->timer, expiry, HRTIMER_MODE_ABS_PINNED_HARD);
}

/*
 * Set the timer for the conversion that begins @now. @due advances by the
 * exact duration, to fractions of a nanosecond, so that the mean rate is that
 * of the oscillator:
 *
 *	clocks * 10^9 / (fCLK * (1 + ppm / 10^6)) ns
 *	= clocks * (10^15 / fCLK) / (10^6 + ppm) ns
 *
 * No conversion is left out after a stall of the machine: they follow each
 * other faster until they are on time again, 3/4 of the period apart, or
 * sooner when the last one has been read (see sim_last_one_read()).
 */
static void sim_schedule(struct sim *sim, ktime_t now)
{
	u32 clocks = ads_chip_clocks_to_conversion(&sim->chip);

	lockdep_assert_held(&sim->lock);

	if (!clocks) {
		/* A callback waiting for the lock finds that the chip is not converting */
		hrtimer_try_to_cancel(&sim->timer);
		return;
	}

	sim->duration_ns = div64_u64_rem(clocks * div_u64(1000000000000000ULL, ADS1299_FCLK_HZ) +
					 sim->due_rest, 1000000 + clock_ppm, &sim->due_rest);
	sim->begun = now;
	sim->due += sim->duration_ns;
	sim->complete_at = max(sim->due, now + sim->duration_ns * 3 / 4);
	sim->postponed = 0;
	sim->cpu = raw_smp_processor_id();

	/* First look whether the last one is read in time: see sim_watch() */
	sim->watching = true;
	sim_set_timer(sim, now + (sim->complete_at - now) * 3 / 4);
}

/*
 * The last conversion has been read: no need to watch any more. When behind
 * schedule the next one may come. A few follow at once, before the machine
 * falls asleep again and wakes up late again; many do not, for what is behind
 * the driver has to keep up with them.
 */
static void sim_last_one_read(struct sim *sim)
{
	bool many = sim->begun - sim->due > SIM_BURST_CONVERSIONS * sim->duration_ns;
	ktime_t soonest = sim->begun + sim->duration_ns / (many ? 4 : 16);

	lockdep_assert_held(&sim->lock);

	/* Started from elsewhere, the timer would move. It will find out by itself */
	if (sim->cpu != raw_smp_processor_id())
		return;

	if (!sim->watching && sim->complete_at <= max(sim->due, soonest))
		return;

	sim->watching = false;
	sim->complete_at = max(sim->due, soonest);
	sim_set_timer(sim, sim->complete_at);
}

/*
 * A timer that is late tells that the machine stood still, and the driver with
 * it: if it has not read the last conversion, it gets time to do so. That much
 * lateness may be the timer's own, so once only, unless the stall was a long
 * one: a driver that is too slow loses what it would lose with a real chip.
 *
 * Looking at three quarters of the way as well as at its end finds the stalls
 * that end just in time for the timer, but not for the driver.
 */
static void sim_watch(struct sim *sim, ktime_t now)
{
	s64 late_ns = now - sim->expiry;

	lockdep_assert_held(&sim->lock);

	if (!ads_chip_unread(&sim->chip) || sim->postponed == SIM_POSTPONE_MAX ||
	    late_ns < (sim->postponed ? NSEC_PER_MSEC : sim->duration_ns / 16))
		return;

	sim->postponed++;
	sim->counters.postponed++;
	sim->complete_at = max(sim->due, now + sim->duration_ns * 3 / 4);
}

/* After clocks on the bus: have conversions begun anew, or ended, or been read? */
static void sim_follow_chip(struct sim *sim)
{
	lockdep_assert_held(&sim->lock);

	if (sim->epoch == sim->chip.epoch) {
		if (ads_chip_converting(&sim->chip) && !ads_chip_unread(&sim->chip))
			sim_last_one_read(sim);
		return;
	}

	sim->epoch = sim->chip.epoch;
	sim->due = ktime_get();
	sim->due_rest = 0;
	sim_schedule(sim, sim->due);
}

/* Take a frame from the queue; without one all electrodes are at 0 V. True: took one */
static bool sim_take_frame(struct sim *sim, s64 *input_nv)
{
	unsigned int n = sim->chip.part->channels, ch;
	const s32 *frame = &sim->queue[(sim->tail % SIM_QUEUE_FRAMES) * n];

	lockdep_assert_held(&sim->lock);

	if (sim->tail == sim->head) {
		memset(input_nv, 0, sizeof(*input_nv) * n);
		if (sim->writing)
			sim->underruns++;
		return false;
	}

	for (ch = 0; ch < n; ch++)
		input_nv[ch] = frame[ch];
	sim->tail++;

	return true;
}

/* Complete a conversion. True: a writer has to be woken */
static bool sim_convert(struct sim *sim, ktime_t now)
{
	s64 input_nv[ADS1299_MAX_CHANNELS];
	u64 queued;
	bool taken;

	lockdep_assert_held(&sim->lock);

	if (now - sim->due > sim->duration_ns)
		sim->counters.late_conversions++;

	taken = sim_take_frame(sim, input_nv);
	ads_chip_convert(&sim->chip, input_nv);
	sim->epoch = sim->chip.epoch;
	sim_schedule(sim, now);

	if (!taken)
		return false;

	/* A frame of the previous writer has no number for this one */
	if (sim->tail > sim->first) {
		sim->frame = sim->tail - 1 - sim->first;
		sim->frame_time_ns = ktime_get_boottime_ns();
	}

	queued = sim->head - sim->tail;

	return !queued || queued == SIM_WAKE_FRAMES;
}

/* The timer has expired. True: a conversion was completed, and DRDY is to be raised */
static bool sim_expired(struct sim *sim, bool *wake)
{
	ktime_t now = ktime_get();

	lockdep_assert_held(&sim->lock);

	/* While this waited for the lock, a command may have moved or ended it all */
	if (!ads_chip_converting(&sim->chip) || now < sim->expiry)
		return false;

	sim_watch(sim, now);
	sim->watching = false;
	if (now < sim->complete_at) {
		sim_set_timer(sim, sim->complete_at);
		return false;
	}

	*wake = sim_convert(sim, now);

	return true;
}

static enum hrtimer_restart sim_timer(struct hrtimer *timer)
{
	struct sim *sim = container_of(timer, struct sim, timer);
	bool edge, wake = false;

	raw_spin_lock(&sim->lock);
	edge = sim_expired(sim, &wake);
	raw_spin_unlock(&sim->lock);

	if (wake)
		irq_work_queue(&sim->wake);
	if (edge)
		sim_raise_irq(sim);

	/* It has been started again where needed, under the lock */
	return HRTIMER_NORESTART;
}

static void sim_remove_timer(void *data)
{
	struct sim *sim = data;

	hrtimer_cancel(&sim->timer);
	irq_work_sync(&sim->wake);
}

/* --- SPI controller ------------------------------------------------------- */

static void sim_set_cs(struct spi_device *spi, bool high)
{
	struct sim *sim = spi_controller_get_devdata(spi->controller);
	unsigned long flags;

	raw_spin_lock_irqsave(&sim->lock, flags);
	ads_chip_select(&sim->chip, !high);
	raw_spin_unlock_irqrestore(&sim->lock, flags);
}

static void sim_exchange(struct sim *sim, struct spi_transfer *xfer, unsigned int from,
			 unsigned int to)
{
	bool too_fast = xfer->speed_hz > SIM_DECODE_MAX_HZ && !xfer->word_delay.value;
	const u8 *tx = xfer->tx_buf;
	u8 *rx = xfer->rx_buf;
	unsigned long flags;
	unsigned int i;
	u8 dout;

	raw_spin_lock_irqsave(&sim->lock, flags);
	for (i = from; i < to; i++) {
		if (too_fast && i && ads_chip_in_register_command(&sim->chip))
			sim->counters.decode_violations++;
		dout = ads_chip_exchange(&sim->chip, tx ? tx[i] : 0, 0);
		if (rx)
			rx[i] = dout;
	}
	sim_follow_chip(sim);
	raw_spin_unlock_irqrestore(&sim->lock, flags);
}

static void sim_delay_us(unsigned int us)
{
	if (us > 10)
		usleep_range(us, us + us / 16 + 1);
	else if (us)
		udelay(us);
}

/*
 * The CPUs of a virtual machine may be stopped one by one. A chip that goes on
 * converting while the SPI thread stands still would lose samples as no real
 * one does, so they share a CPU. An administrator may put the thread elsewhere.
 */
static void sim_follow_timer(struct sim *sim)
{
	int cpu = READ_ONCE(sim->cpu);

	if (likely(cpu == sim->spi_cpu))
		return;

	sim->spi_cpu = cpu;
	if (set_cpus_allowed_ptr(sim->host->kworker->task, cpumask_of(cpu)))
		dev_dbg(sim->dev, "SPI thread not bound to CPU %d\n", cpu);
}

/*
 * The time on the wire passes after the first byte: DRDY has gone high and
 * RDATA has latched its frame by then, and conversions may complete before
 * the last bit is out.
 */
static int sim_transfer_one(struct spi_controller *host, struct spi_device *spi,
			    struct spi_transfer *xfer)
{
	struct sim *sim = spi_controller_get_devdata(host);
	unsigned int burst = xfer->word_delay.value ? 1 : SIM_BURST_BYTES;
	unsigned int from, to;

	for (from = 0; from < xfer->len; from = to) {
		to = from ? min(from + burst, xfer->len) : 1;
		sim_exchange(sim, xfer, from, to);
		if (!from)
			sim_delay_us(min_t(unsigned int, READ_ONCE(spi_delay_us),
					   SIM_SPI_DELAY_MAX_US));
		spi_delay_exec(&xfer->word_delay, xfer);
	}
	xfer->effective_speed_hz = xfer->speed_hz;
	sim_follow_timer(sim);

	return 0;
}

static int sim_add_spi_host(struct sim *sim)
{
	struct spi_controller *host;

	host = devm_spi_alloc_host(sim->dev, 0);
	if (!host)
		return -ENOMEM;

	spi_controller_set_devdata(host, sim);
	host->bus_num = -1;
	host->num_chipselect = 1;
	host->mode_bits = SPI_CPHA;
	host->bits_per_word_mask = SPI_BPW_MASK(8);
	host->max_speed_hz = ADS1299_SCLK_MAX_HZ;
	host->set_cs = sim_set_cs;
	host->transfer_one = sim_transfer_one;
	sim->host = host;

	return devm_spi_register_controller(sim->dev, host);
}

/* --- the hat as firmware would describe it -------------------------------- */

#define SIM_CHANNEL(_reg, _label)			\
	{						\
		PROPERTY_ENTRY_U32("reg", (_reg)),	\
		PROPERTY_ENTRY_STRING("label", _label),	\
		{ }					\
	}

static const struct property_entry sim_channel_properties[ADS1299_MAX_CHANNELS][3] = {
	SIM_CHANNEL(0, "left calf"),
	SIM_CHANNEL(1, "right calf"),
	SIM_CHANNEL(2, "left thigh"),
	SIM_CHANNEL(3, "right thigh"),
	SIM_CHANNEL(4, "left upper arm"),
	SIM_CHANNEL(5, "right upper arm"),
	SIM_CHANNEL(6, "left hand"),
	SIM_CHANNEL(7, "left eyelid"),
};

static const struct software_node sim_hat_node = {
	.name = SIM_NAME,
};

#define SIM_CHANNEL_NODE(_reg)					\
	{							\
		.name = "channel@" #_reg,			\
		.parent = &sim_hat_node,			\
		.properties = sim_channel_properties[_reg],	\
	}

static const struct software_node sim_channel_nodes[ADS1299_MAX_CHANNELS] = {
	SIM_CHANNEL_NODE(0),
	SIM_CHANNEL_NODE(1),
	SIM_CHANNEL_NODE(2),
	SIM_CHANNEL_NODE(3),
	SIM_CHANNEL_NODE(4),
	SIM_CHANNEL_NODE(5),
	SIM_CHANNEL_NODE(6),
	SIM_CHANNEL_NODE(7),
};

static void sim_remove_nodes(void *data)
{
	struct sim *sim = data;

	software_node_unregister_node_group(sim->nodes);
}

static int sim_add_nodes(struct sim *sim)
{
	unsigned int ch;
	int ret;

	sim->nodes[0] = &sim_hat_node;
	for (ch = 0; ch < sim->chip.part->channels; ch++)
		sim->nodes[1 + ch] = &sim_channel_nodes[ch];

	ret = software_node_register_node_group(sim->nodes);
	if (ret)
		return ret;

	return devm_add_action_or_reset(sim->dev, sim_remove_nodes, sim);
}

static void sim_remove_spi_device(void *data)
{
	struct sim *sim = data;

	spi_unregister_device(sim->spi);
}

static int sim_add_spi_device(struct sim *sim)
{
	struct spi_board_info info = {
		.modalias = "ads1299",
		.swnode = &sim_hat_node,
		.irq = sim->irq,
		.max_speed_hz = ADS1299_SCLK_MAX_HZ,
		.mode = SPI_MODE_1,
	};

	sim->spi = spi_new_device(sim->host, &info);
	if (!sim->spi)
		return -ENODEV;

	return devm_add_action_or_reset(sim->dev, sim_remove_spi_device, sim);
}

/* --- /dev/ads1299-sim0 ---------------------------------------------------- */

static u64 sim_queued(struct sim *sim)
{
	unsigned long flags;
	u64 queued;

	raw_spin_lock_irqsave(&sim->lock, flags);
	queued = sim->head - sim->tail;
	raw_spin_unlock_irqrestore(&sim->lock, flags);

	return queued;
}

static void sim_wake_work(struct irq_work *work)
{
	struct sim *sim = container_of(work, struct sim, wake);

	wake_up_interruptible(&sim->wait);
}

static struct sim *sim_of_file(struct file *file)
{
	return container_of(file->private_data, struct sim, misc);
}

static int sim_open(struct inode *inode, struct file *file)
{
	struct sim *sim = sim_of_file(file);
	unsigned long flags;
	int ret = 0;

	if (!(file->f_mode & FMODE_WRITE))
		return -EINVAL;

	raw_spin_lock_irqsave(&sim->lock, flags);
	if (sim->writing) {
		ret = -EBUSY;
	} else {
		sim->writing = true;
		sim->first = sim->head;
		sim->frame = -1;
		sim->frame_time_ns = 0;
		sim->underruns = 0;
	}
	raw_spin_unlock_irqrestore(&sim->lock, flags);

	return ret ?: stream_open(inode, file);
}

static int sim_release(struct inode *inode, struct file *file)
{
	struct sim *sim = sim_of_file(file);
	unsigned long flags;

	raw_spin_lock_irqsave(&sim->lock, flags);
	sim->writing = false;
	raw_spin_unlock_irqrestore(&sim->lock, flags);

	return 0;
}

/*
 * Queue up to @frames, as many as there is space for without wrapping round.
 * The copy needs no lock: the timer does not look beyond @head.
 */
static int sim_queue_frames(struct sim *sim, const char __user *buf, size_t frames)
{
	unsigned int n = sim->chip.part->channels;
	size_t space = SIM_QUEUE_FRAMES - sim_queued(sim);
	size_t at = sim->head % SIM_QUEUE_FRAMES;	/* changed by this function only */
	unsigned long flags;

	frames = min3(frames, space, SIM_QUEUE_FRAMES - at);
	if (copy_from_user(&sim->queue[at * n], buf, frames * n * sizeof(s32)))
		return -EFAULT;

	raw_spin_lock_irqsave(&sim->lock, flags);
	sim->head += frames;
	raw_spin_unlock_irqrestore(&sim->lock, flags);

	return frames;
}

static int sim_wait_for_space(struct sim *sim, bool nonblock)
{
	if (sim_queued(sim) < SIM_QUEUE_FRAMES)
		return 0;
	if (nonblock)
		return -EAGAIN;

	return wait_event_interruptible(sim->wait, sim_queued(sim) < SIM_QUEUE_FRAMES);
}

static ssize_t sim_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct sim *sim = sim_of_file(file);
	size_t frame_size = sim->chip.part->channels * sizeof(s32);
	bool nonblock = file->f_flags & O_NONBLOCK;
	size_t done = 0;
	int ret = 0;

	if (count % frame_size)
		return -EINVAL;

	if (nonblock) {
		if (!mutex_trylock(&sim->write_lock))
			return -EAGAIN;
	} else if (mutex_lock_interruptible(&sim->write_lock)) {
		return -ERESTARTSYS;
	}

	while (done < count) {
		ret = sim_wait_for_space(sim, nonblock);
		if (ret)
			break;
		ret = sim_queue_frames(sim, buf + done, (count - done) / frame_size);
		if (ret < 0)
			break;
		done += ret * frame_size;
	}
	mutex_unlock(&sim->write_lock);

	return done ?: ret;
}

static __poll_t sim_poll(struct file *file, poll_table *table)
{
	struct sim *sim = sim_of_file(file);

	poll_wait(file, &sim->wait, table);

	return sim_queued(sim) < SIM_QUEUE_FRAMES ? EPOLLOUT | EPOLLWRNORM : 0;
}

static int sim_fsync(struct file *file, loff_t start, loff_t end, int datasync)
{
	struct sim *sim = sim_of_file(file);

	return wait_event_interruptible(sim->wait, !sim_queued(sim));
}

static const struct file_operations sim_fops = {
	.owner = THIS_MODULE,
	.open = sim_open,
	.release = sim_release,
	.write = sim_write,
	.poll = sim_poll,
	.fsync = sim_fsync,
};

static struct sim *sim_of_misc(struct device *dev)
{
	return container_of(dev_get_drvdata(dev), struct sim, misc);
}

static ssize_t channels_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", sim_of_misc(dev)->chip.part->channels);
}
static DEVICE_ATTR_RO(channels);

static ssize_t sampling_frequency_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct sim *sim = sim_of_misc(dev);
	unsigned long flags;
	u32 hz;

	raw_spin_lock_irqsave(&sim->lock, flags);
	hz = ads_chip_converting(&sim->chip) ? ads_chip_rate_hz(&sim->chip) : 0;
	raw_spin_unlock_irqrestore(&sim->lock, flags);

	return sysfs_emit(buf, "%u\n", hz);
}
static DEVICE_ATTR_RO(sampling_frequency);

static ssize_t frame_clock_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct sim *sim = sim_of_misc(dev);
	unsigned long flags;
	u64 time_ns;
	s64 frame;

	raw_spin_lock_irqsave(&sim->lock, flags);
	frame = sim->frame;
	time_ns = sim->frame_time_ns;
	raw_spin_unlock_irqrestore(&sim->lock, flags);

	return sysfs_emit(buf, "%lld %llu\n", frame, time_ns);
}
static DEVICE_ATTR_RO(frame_clock);

static ssize_t frames_underrun_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct sim *sim = sim_of_misc(dev);
	unsigned long flags;
	u64 underruns;

	raw_spin_lock_irqsave(&sim->lock, flags);
	underruns = sim->underruns;
	raw_spin_unlock_irqrestore(&sim->lock, flags);

	return sysfs_emit(buf, "%llu\n", underruns);
}
static DEVICE_ATTR_RO(frames_underrun);

static struct attribute *sim_attrs[] = {
	&dev_attr_channels.attr,
	&dev_attr_sampling_frequency.attr,
	&dev_attr_frame_clock.attr,
	&dev_attr_frames_underrun.attr,
	NULL
};
ATTRIBUTE_GROUPS(sim);

static void sim_remove_misc(void *data)
{
	struct sim *sim = data;

	misc_deregister(&sim->misc);
}

static int sim_add_misc(struct sim *sim)
{
	int ret;

	mutex_init(&sim->write_lock);
	init_waitqueue_head(&sim->wait);

	sim->misc.minor = MISC_DYNAMIC_MINOR;
	sim->misc.name = SIM_DEVICE_NAME;
	sim->misc.mode = 0600;
	sim->misc.fops = &sim_fops;
	sim->misc.groups = sim_groups;
	sim->misc.parent = sim->dev;

	ret = misc_register(&sim->misc);
	if (ret)
		return ret;

	return devm_add_action_or_reset(sim->dev, sim_remove_misc, sim);
}

/* --- debugfs -------------------------------------------------------------- */

static int registers_show(struct seq_file *seq, void *unused)
{
	struct sim *sim = seq->private;
	u8 regs[ADS_CHIP_MAX_REGS];
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&sim->lock, flags);
	for (i = 0; i < sim->chip.part->num_regs; i++)
		regs[i] = ads_chip_read_reg(&sim->chip, i);
	raw_spin_unlock_irqrestore(&sim->lock, flags);

	for (i = 0; i < sim->chip.part->num_regs; i++)
		seq_printf(seq, "%02x: %02x\n", i, regs[i]);

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(registers);

static int counters_show(struct seq_file *seq, void *unused)
{
	struct sim *sim = seq->private;
	struct sim_counters counters;
	struct ads_chip_stats stats;
	unsigned long flags;

	raw_spin_lock_irqsave(&sim->lock, flags);
	counters = sim->counters;
	stats = sim->chip.stats;
	raw_spin_unlock_irqrestore(&sim->lock, flags);

	seq_printf(seq, "conversions %llu\n", stats.conversions);
	seq_printf(seq, "frames_read %llu\n", stats.frames_read);
	seq_printf(seq, "frames_torn %llu\n", stats.frames_torn);
	seq_printf(seq, "resets %llu\n", stats.resets);
	seq_printf(seq, "drdy_edges %llu\n", counters.drdy_edges);
	seq_printf(seq, "drdy_masked %llu\n", counters.drdy_masked);
	seq_printf(seq, "decode_violations %llu\n", counters.decode_violations);
	seq_printf(seq, "late_conversions %llu\n", counters.late_conversions);
	seq_printf(seq, "postponed %llu\n", counters.postponed);

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(counters);

static void sim_remove_debugfs(void *data)
{
	debugfs_remove_recursive(data);
}

static int sim_add_debugfs(struct sim *sim)
{
	struct dentry *dir = debugfs_create_dir(SIM_DEVICE_NAME, NULL);

	debugfs_create_file("registers", 0400, dir, sim, &registers_fops);
	debugfs_create_file("counters", 0400, dir, sim, &counters_fops);

	return devm_add_action_or_reset(sim->dev, sim_remove_debugfs, dir);
}

/* --- module --------------------------------------------------------------- */

static const struct ads_chip_part *sim_part(void)
{
	switch (channels) {
	case 8:
		return &ads_chip_ads1299;
	case 6:
		return &ads_chip_ads1299_6;
	case 4:
		return &ads_chip_ads1299_4;
	default:
		return NULL;
	}
}

/*
 * Everything goes in the reverse order of its coming: first the SPI device, by
 * which its driver lets go of bus and interrupt, then the device file, which
 * nobody has open any more (that would keep the module), then the bus, and
 * only then the timer and the interrupt it ran on.
 */
static int sim_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct sim *sim;
	int ret;

	sim = devm_kzalloc(dev, sizeof(*sim), GFP_KERNEL);
	if (!sim)
		return -ENOMEM;

	sim->dev = dev;
	sim->frame = -1;
	raw_spin_lock_init(&sim->lock);
	ads_chip_power_up(&sim->chip, sim_part());
	sim->epoch = sim->chip.epoch;

	ret = sim_add_irq(sim);
	if (ret)
		return dev_err_probe(dev, ret, "cannot add the DRDY interrupt\n");

	/* Seen in virtual machines whose host was busy while the timer was calibrated */
	if (hrtimer_resolution > SIM_TIMER_RESOLUTION_NS)
		dev_warn(dev, "timers tick every %u us only: conversions will be late\n",
			 hrtimer_resolution / 1000);

	sim->spi_cpu = -1;
	init_irq_work(&sim->wake, sim_wake_work);
	hrtimer_setup(&sim->timer, sim_timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_PINNED_HARD);
	ret = devm_add_action_or_reset(dev, sim_remove_timer, sim);
	if (ret)
		return ret;

	ret = sim_add_spi_host(sim);
	if (ret)
		return dev_err_probe(dev, ret, "cannot add the SPI controller\n");

	ret = sim_add_debugfs(sim);
	if (ret)
		return ret;

	ret = sim_add_misc(sim);
	if (ret)
		return dev_err_probe(dev, ret, "cannot add /dev/" SIM_DEVICE_NAME "\n");

	ret = sim_add_nodes(sim);
	if (ret)
		return dev_err_probe(dev, ret, "cannot add the firmware nodes\n");

	ret = sim_add_spi_device(sim);
	if (ret)
		return dev_err_probe(dev, ret, "cannot add the SPI device\n");

	return 0;
}

static struct platform_driver sim_driver = {
	.driver = {
		.name = SIM_NAME,
	},
};

static struct platform_device *sim_device;

static int __init sim_init(void)
{
	if (!sim_part()) {
		pr_err(SIM_NAME ": channels=%u: must be 8, 6 or 4\n", channels);
		return -EINVAL;
	}
	if (abs(clock_ppm) > SIM_CLOCK_PPM_MAX) {
		pr_err(SIM_NAME ": clock_ppm=%d: must be within +-%d\n", clock_ppm,
		       SIM_CLOCK_PPM_MAX);
		return -EINVAL;
	}

	/* Binds once, here: sysfs cannot unbind it while the device file is open */
	sim_device = platform_create_bundle(&sim_driver, sim_probe, NULL, 0, NULL, 0);

	return PTR_ERR_OR_ZERO(sim_device);
}
module_init(sim_init);

static void __exit sim_exit(void)
{
	platform_device_unregister(sim_device);
	platform_driver_unregister(&sim_driver);
}
module_exit(sim_exit);

MODULE_DESCRIPTION("Simulated ADS1299 hat: SPI bus, chip and electrodes");
MODULE_LICENSE("GPL");

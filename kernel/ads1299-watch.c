// SPDX-License-Identifier: GPL-2.0-only
/*
 * TI ADS1299 watch: notices within a second that the chip does not stream as it
 * was told to, and sets it up again.
 *
 * A brown-out or a discharge into an electrode puts registers back to their
 * reset values, all or some. The chip then no longer converts, or (START pin
 * high) at another rate and in RDATAC mode, or with another gain or input,
 * which nothing in its frames tells. So:
 *
 * - a timer looks at the edges: none, too few, too many, or frames without
 *   their 0xC;
 * - a patrol reads the registers back. It follows the read of a sample, when
 *   the bus is free for the rest of the period, and reads as many registers at
 *   once as fit there: at 16 kSPS and 20 MHz some eight, at 1 kSPS all. It is
 *   queued like the samples, and so never waits for a CPU with the bus held.
 *   Where less than ADS1299_PATROL_MIN registers fit there is no patrol, and
 *   none where the bus has other devices, whose transfers it would push beyond
 *   their time: then registers are looked at when the stream ends.
 *
 * Neither decides anything: the work verifies the registers before it acts. Where
 * they are right and conversions do not come, it goes one step further each
 * time: they are started anew, the chip is reset, its power is switched off and
 * on.
 */

#include <linux/bits.h>
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/regmap.h>
#include <linux/spi/spi.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

#include <linux/iio/iio.h>

#include "ads1299-priv.h"
#include "compat.h"

/* Five of them are less than a second, and so are four and what follows */
#define ADS1299_WATCH_MS		180

/* From an edge to its read, and from the end of that to its completion */
#define ADS1299_PATROL_SLACK_NS		10000
#define ADS1299_PATROL_MIN		4

/* What is done about conversions that do not come, by the number of the attempt */
#define ADS1299_ATTEMPT_START		0U
#define ADS1299_ATTEMPT_RESET		1U
#define ADS1299_ATTEMPT_POWER		2U

/* Those after the first power cycle: a bus with others is to have time for them */
#define ADS1299_POWER_RETRY_NS		(2 * (s64)NSEC_PER_SEC)

/* Why the work was queued */
#define ADS1299_TROUBLE_STALLED		BIT(0)	/* no edges */
#define ADS1299_TROUBLE_RATE		BIT(1)	/* too few or too many */
#define ADS1299_TROUBLE_UNSYNCED	BIT(2)	/* frames that are none */
#define ADS1299_TROUBLE_REGISTERS	BIT(3)	/* not what was written */

/* Context: capture.lock held */
static void ads1299_watch_report(struct ads1299_watch *watch, unsigned int trouble)
{
	if (!watch->on)
		return;

	watch->trouble |= trouble;
	schedule_work(&watch->work);
}

/* Context: capture.lock held */
static unsigned int ads1299_watch_look(struct ads1299_state *st, s64 now_ns)
{
	struct ads1299_capture *cap = &st->capture;
	struct ads1299_watch *watch = &st->watch;
	s64 expected = div64_s64(now_ns - watch->looked_ns, watch->period_ns);
	u32 ignored = cap->ignored - watch->ignored;
	u32 edges = cap->edges - watch->edges;
	u64 unsynced = cap->lost[ADS1299_LOST_SYNC] - watch->unsynced;
	unsigned int trouble = 0;

	/* Just begun afresh */
	if (now_ns - watch->looked_ns < ADS1299_WATCH_MS / 2 * NSEC_PER_MSEC)
		return 0;

	watch->looked_ns = now_ns;
	watch->edges = cap->edges;
	watch->unsynced = cap->lost[ADS1299_LOST_SYNC];

	if (!edges)
		return ADS1299_TROUBLE_STALLED;
	if (edges < expected / 2 || edges + ignored > expected + expected / 2)
		trouble |= ADS1299_TROUBLE_RATE;
	if (unsynced > edges / 2)
		trouble |= ADS1299_TROUBLE_UNSYNCED;
	if (!trouble) {
		watch->complained = false;
		watch->attempts = 0;
		watch->ignored = cap->ignored;
	}

	return trouble;
}

static void ads1299_watch_timer(struct timer_list *timer)
{
	struct ads1299_watch *watch = container_of(timer, struct ads1299_watch, timer);
	struct ads1299_state *st = iio_priv(watch->indio_dev);
	struct ads1299_capture *cap = &st->capture;
	unsigned int trouble;
	unsigned long flags;

	raw_spin_lock_irqsave(&cap->lock, flags);
	/* Recovery is under way, or has to be tried again */
	if (cap->state == ADS1299_PAUSED)
		trouble = ADS1299_TROUBLE_STALLED;
	else
		trouble = ads1299_watch_look(st, ktime_get_ns());
	if (trouble)
		ads1299_watch_report(watch, trouble);
	watch->patrol_due = watch->patrol_count;
	if (watch->on)
		mod_timer(&watch->timer, jiffies + msecs_to_jiffies(ADS1299_WATCH_MS));
	raw_spin_unlock_irqrestore(&cap->lock, flags);
}

/* --- patrol --------------------------------------------------------------- */

static bool ads1299_patrol_finds(const struct ads1299_state *st)
{
	const struct ads1299_watch *watch = &st->watch;
	unsigned int i, reg;

	for (i = 0; i < watch->patrol_count; i++) {
		reg = watch->patrol_first + i;
		if ((st->patrol_rx[2 + i] ^ watch->expected[reg]) & watch->checked[reg])
			return true;
	}

	return false;
}

static void ads1299_patrol_end(struct ads1299_state *st, unsigned int trouble)
{
	struct ads1299_watch *watch = &st->watch;
	unsigned long flags;

	raw_spin_lock_irqsave(&st->capture.lock, flags);
	if (trouble)
		ads1299_watch_report(watch, trouble);
	watch->patrolling = false;
	raw_spin_unlock_irqrestore(&st->capture.lock, flags);

	complete(&watch->patrolled);
}

/* Context: any, may be a hard interrupt of the SPI controller */
static void ads1299_patrol_done(void *context)
{
	struct ads1299_state *st = context;
	struct ads1299_watch *watch = &st->watch;
	unsigned int trouble = 0;

	if (!watch->msg.status) {
		if (ads1299_patrol_finds(st))
			trouble = ADS1299_TROUBLE_REGISTERS;
		watch->patrol_first += watch->patrol_count;
	}
	ads1299_patrol_end(st, trouble);
}

/**
 * ads1299_patrol - read some registers back
 * @st: the device: a sample has just been read
 *
 * Context: any.
 */
void ads1299_patrol(struct ads1299_state *st)
{
	struct ads1299_watch *watch = &st->watch;
	unsigned long flags;
	bool go;

	raw_spin_lock_irqsave(&st->capture.lock, flags);
	go = watch->on && watch->patrol_due && !watch->patrolling;
	watch->patrol_due = false;
	if (go) {
		watch->patrolling = true;
		reinit_completion(&watch->patrolled);
	}
	raw_spin_unlock_irqrestore(&st->capture.lock, flags);
	if (!go)
		return;

	/* Always the same length, as the message is prepared: the last ones overlap */
	if (watch->patrol_first > ADS1299_REG_LAST)
		watch->patrol_first = ADS1299_REG_CONFIG1;
	watch->patrol_first = min(watch->patrol_first, ADS1299_NUM_REGS - watch->patrol_count);
	st->patrol_tx[0] = ADS1299_CMD_RREG | watch->patrol_first;

	if (spi_async(st->spi, &watch->msg))
		ads1299_patrol_end(st, 0);
}

static int ads1299_count_device(struct device *dev, void *count)
{
	if (dev->bus == &spi_bus_type)
		(*(unsigned int *)count)++;

	return 0;
}

static bool ads1299_bus_shared(const struct ads1299_state *st)
{
	unsigned int count = 0;

	device_for_each_child(&st->spi->controller->dev, &count, ads1299_count_device);

	return count > 1;
}

/* How many registers can be read between the read of a sample and the next edge */
static unsigned int ads1299_patrol_room(const struct ads1299_state *st)
{
	unsigned int frame_bits = st->capture.xfer.len * BITS_PER_BYTE;
	s64 byte_ns = div_u64((u64)BITS_PER_BYTE * NSEC_PER_SEC, ads1299_reg_speed_hz(st));
	s64 room_ns = st->watch.period_ns - ADS1299_PATROL_SLACK_NS - 2 * st->decode_delay.value;

	room_ns -= div_u64((u64)frame_bits * NSEC_PER_SEC, st->spi->max_speed_hz);
	room_ns -= 2 * byte_ns;
	if (room_ns < ADS1299_PATROL_MIN * byte_ns)
		return 0;

	return min_t(u64, div64_s64(room_ns, byte_ns), ADS1299_REG_LAST);
}

static int ads1299_patrol_prepare(struct ads1299_state *st)
{
	struct ads1299_watch *watch = &st->watch;
	unsigned int reg, value;
	int ret;

	watch->bus_shared = ads1299_bus_shared(st);
	watch->patrol_count = watch->bus_shared ? 0 : ads1299_patrol_room(st);
	if (!watch->patrol_count)
		return 0;

	for (reg = 0; reg < ADS1299_NUM_REGS; reg++) {
		watch->checked[reg] = ads1299_reg_checked_bits(st, reg);
		if (reg == ADS1299_REG_GPIO)	/* may change under a stream */
			watch->checked[reg] = 0;
		if (!watch->checked[reg])
			continue;
		ret = regmap_read(st->regmap, reg, &value);
		if (ret)
			return ret;
		watch->expected[reg] = value;
	}

	watch->patrol_first = ADS1299_REG_CONFIG1;
	st->patrol_tx[1] = watch->patrol_count - 1;
	watch->xfer = (struct spi_transfer) {
		.tx_buf = st->patrol_tx,
		.rx_buf = st->patrol_rx,
		.len = 2 + watch->patrol_count,
		.speed_hz = ads1299_reg_speed_hz(st),
		.delay = st->decode_delay,
	};
	spi_message_init_with_transfers(&watch->msg, &watch->xfer, 1);
	watch->msg.complete = ads1299_patrol_done;
	watch->msg.context = st;

	ret = spi_optimize_message(st->spi, &watch->msg);
	if (ret)
		watch->patrol_count = 0;

	return ret;
}

/* --- recovery ------------------------------------------------------------- */

static void ads1299_complain(struct ads1299_watch *watch, const char *what)
{
	struct ads1299_state *st = iio_priv(watch->indio_dev);

	if (!watch->complained)
		dev_err(&st->spi->dev, "%s; will go on trying\n", what);
	watch->complained = true;
}

/* What is done where no DRDY comes though the registers are right, one line each */
static void ads1299_announce(struct ads1299_watch *watch, unsigned int attempt)
{
	static const char * const steps[] = {
		[ADS1299_ATTEMPT_START] = "conversions are started anew",
		[ADS1299_ATTEMPT_RESET] = "the chip is reset",
		[ADS1299_ATTEMPT_POWER] = "power goes off and on, every 2 s from now on",
	};
	struct ads1299_state *st = iio_priv(watch->indio_dev);

	if (watch->attempts == attempt)
		dev_err(&st->spi->dev, "no DRDY interrupts: %s\n", steps[attempt]);
	watch->attempts++;
}

/* The chip may have been away: what came meanwhile is not looked at */
static void ads1299_watch_afresh(struct ads1299_state *st, bool recovered)
{
	struct ads1299_capture *cap = &st->capture;
	struct ads1299_watch *watch = &st->watch;

	raw_spin_lock_irq(&cap->lock);
	if (recovered)
		cap->recoveries++;
	watch->trouble = 0;
	watch->looked_ns = ktime_get_ns();
	watch->edges = cap->edges;
	watch->ignored = cap->ignored;
	watch->unsynced = cap->lost[ADS1299_LOST_SYNC];
	raw_spin_unlock_irq(&cap->lock);
}

static void ads1299_watch_work(struct work_struct *work)
{
	struct ads1299_watch *watch = container_of(work, struct ads1299_watch, work);
	struct iio_dev *indio_dev = watch->indio_dev;
	struct ads1299_state *st = iio_priv(indio_dev);
	struct ads1299_capture *cap = &st->capture;
	unsigned int trouble, attempt = ADS1299_ATTEMPT_RESET;
	bool paused, reprogram;
	int intact;

	raw_spin_lock_irq(&cap->lock);
	trouble = watch->trouble;
	watch->trouble = 0;
	paused = cap->state == ADS1299_PAUSED;
	raw_spin_unlock_irq(&cap->lock);

	intact = ads1299_regs_intact(st, false);
	if (intact < 0) {
		ads1299_complain(watch, "cannot read the registers");
		return;
	}

	/* Only the first chip of a chain can be read: of the others the frames have to tell */
	reprogram = paused || !intact || trouble & ADS1299_TROUBLE_UNSYNCED;
	if (!reprogram && !(trouble & ADS1299_TROUBLE_STALLED))
		return;
	if (!reprogram) {
		attempt = min(watch->attempts, ADS1299_ATTEMPT_POWER);
		if (watch->attempts > ADS1299_ATTEMPT_POWER &&
		    ktime_get_ns() - watch->power_ns < ADS1299_POWER_RETRY_NS)
			return;
		ads1299_announce(watch, attempt);
	}

	if (!paused)
		ads1299_capture_end(indio_dev, ADS1299_PAUSED);
	if (attempt == ADS1299_ATTEMPT_POWER)
		watch->power_ns = ktime_get_ns();
	if ((attempt == ADS1299_ATTEMPT_POWER || !st->powered) && ads1299_power_cycle(st)) {
		ads1299_complain(watch, "power does not come back");
		return;
	}
	if (attempt >= ADS1299_ATTEMPT_RESET && ads1299_reprogram(st)) {
		ads1299_complain(watch, "the chip does not answer");
		return;
	}
	if (ads1299_capture_begin(indio_dev, true)) {
		ads1299_complain(watch, "cannot start conversions");
		return;
	}
	ads1299_watch_afresh(st, reprogram);

	if (reprogram)
		dev_warn_ratelimited(&st->spi->dev, "registers were lost and are written again\n");
}

/**
 * ads1299_watch_start - begin to look after a chip that streams
 * @st: the device
 * @dr: code of the data rate
 *
 * Context: can sleep.
 * Returns: 0 on success, or a negative error code.
 */
int ads1299_watch_start(struct ads1299_state *st, unsigned int dr)
{
	struct ads1299_watch *watch = &st->watch;
	int ret;

	watch->period_ns = div_u64((u64)ADS1299_CLOCKS_PER_SAMPLE(dr) * NSEC_PER_SEC, st->fclk_hz);
	watch->complained = false;
	watch->attempts = 0;
	ret = ads1299_patrol_prepare(st);
	if (ret)
		return ret;

	ads1299_watch_afresh(st, false);
	raw_spin_lock_irq(&st->capture.lock);
	watch->on = true;
	mod_timer(&watch->timer, jiffies + msecs_to_jiffies(ADS1299_WATCH_MS));
	raw_spin_unlock_irq(&st->capture.lock);

	return 0;
}

/**
 * ads1299_watch_stop - end it
 * @st: the device
 *
 * Context: can sleep; waits for a recovery that is under way.
 */
void ads1299_watch_stop(struct ads1299_state *st)
{
	struct ads1299_watch *watch = &st->watch;
	bool patrolling;

	raw_spin_lock_irq(&st->capture.lock);
	watch->on = false;
	watch->patrol_due = false;
	patrolling = watch->patrolling;
	raw_spin_unlock_irq(&st->capture.lock);

	timer_delete_sync(&watch->timer);
	cancel_work_sync(&watch->work);
	if (patrolling)
		wait_for_completion(&watch->patrolled);
	if (watch->patrol_count)
		spi_unoptimize_message(&watch->msg);
	watch->patrol_count = 0;
}

/**
 * ads1299_watch_init - prepare what never changes
 * @indio_dev: the IIO device
 */
void ads1299_watch_init(struct iio_dev *indio_dev)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	struct ads1299_watch *watch = &st->watch;

	watch->indio_dev = indio_dev;
	timer_setup(&watch->timer, ads1299_watch_timer, 0);
	INIT_WORK(&watch->work, ads1299_watch_work);
	init_completion(&watch->patrolled);
}

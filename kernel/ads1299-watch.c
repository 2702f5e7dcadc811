// SPDX-License-Identifier: GPL-2.0-only
/*
 * TI ADS1299 watch: notices within a second that the chip does not stream as it
 * was told to, and sets it up again.
 *
 * A brown-out or a discharge into an electrode puts registers back to their
 * reset values. The chip then no longer converts, or (START pin high) at
 * another rate and in RDATAC mode. So a timer looks at the edges: none, too few,
 * too many, or frames without their 0xC. The work verifies the registers before
 * it acts, and goes one step further each time that conversions do not come:
 * they are started anew, the chip is reset, its power is switched off and on.
 *
 * A register of which frames do not tell, such as a gain, is looked at when the
 * stream begins and when it ends: to read them in between costs scans where the
 * bus is shared, and no chip is known to have lost one of them alone.
 */

#include <linux/bits.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/spi/spi.h>
#include <linux/spinlock.h>
#include <linux/time64.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

#include <linux/iio/iio.h>

#include "ads1299-priv.h"
#include "compat.h"

/* Five of them are less than a second, and so are four and what follows */
#define ADS1299_WATCH_MS		180

/* What is done about conversions that do not come, by the number of the attempt */
#define ADS1299_ATTEMPT_START		0U
#define ADS1299_ATTEMPT_RESET		1U
#define ADS1299_ATTEMPT_POWER		2U

/* Why the work was queued */
#define ADS1299_TROUBLE_STALLED		BIT(0)	/* no edges */
#define ADS1299_TROUBLE_RATE		BIT(1)	/* too few or too many */
#define ADS1299_TROUBLE_UNSYNCED	BIT(2)	/* frames that are none */

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
	if (trouble && watch->on) {
		watch->trouble |= trouble;
		schedule_work(&watch->work);
	}
	if (watch->on)
		mod_timer(&watch->timer, jiffies + msecs_to_jiffies(ADS1299_WATCH_MS));
	raw_spin_unlock_irqrestore(&cap->lock, flags);
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
		[ADS1299_ATTEMPT_POWER] = "power goes off and on, as long as it takes",
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
	unsigned int trouble, attempt;
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
	attempt = reprogram ? ADS1299_ATTEMPT_RESET : min(watch->attempts, ADS1299_ATTEMPT_POWER);
	if (!reprogram)
		ads1299_announce(watch, attempt);

	if (!paused)
		ads1299_capture_end(indio_dev, ADS1299_PAUSED);
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
 *
 * Context: can sleep.
 */
void ads1299_watch_start(struct ads1299_state *st)
{
	struct ads1299_watch *watch = &st->watch;

	watch->period_ns = div_u64((u64)ADS1299_CLOCKS_PER_SAMPLE(st->settings.dr) * NSEC_PER_SEC,
				   st->fclk_hz);
	watch->complained = false;
	watch->attempts = 0;
	ads1299_watch_afresh(st, false);
	raw_spin_lock_irq(&st->capture.lock);
	watch->on = true;
	mod_timer(&watch->timer, jiffies + msecs_to_jiffies(ADS1299_WATCH_MS));
	raw_spin_unlock_irq(&st->capture.lock);
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

	raw_spin_lock_irq(&st->capture.lock);
	watch->on = false;
	raw_spin_unlock_irq(&st->capture.lock);

	timer_delete_sync(&watch->timer);
	cancel_work_sync(&watch->work);
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
}

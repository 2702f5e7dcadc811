// SPDX-License-Identifier: GPL-2.0-only
/*
 * TI ADS1299 capture: DRDY edge -> RDATA -> scan -> IIO buffer.
 *
 * DRDY is a pulse that the first SCLK edge ends, whoever the clock is meant
 * for (9.4.4.1), so it is an edge interrupt and cannot be masked and looked at
 * again later: IRQF_ONESHOT with a trigger would miss samples, and
 * iio_trigger_poll() drops an edge without a word when the previous scan is
 * still in use. Hence an interrupt and a kfifo of our own, as in ti-ads1298.
 *
 * RDATA takes the newest sample into the output register when its opcode is
 * decoded, and may overlap the next DRDY without harm (9.5.3.9). So an edge
 * during a read is no loss yet: when the read ends the next one follows at
 * once. Which of two samples a delayed read got is known from the time that
 * the bits took, or, where that does not tell, by reading again: see
 * ads1299_read_unusual(). Lost are the samples that were replaced before any
 * opcode came.
 *
 * From START to STOP every conversion ends in a scan in the buffer or in one of
 * the four counters. A scan that failed a check is never pushed; the next good
 * one carries ADS1299_FLAG_LOST.
 *
 * PREEMPT_RT: the primary handler takes nothing but the time and a raw
 * spinlock, and stays in hard interrupt context. spi_async() takes a sleeping
 * lock there and goes to the interrupt thread. Without RT it is called straight
 * from the handler, which spares one context switch per scan.
 */

#include <linux/bits.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/pm_runtime.h>
#include <linux/spi/spi.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/time64.h>

#include <linux/iio/buffer.h>
#include <linux/iio/iio.h>
#include <linux/iio/kfifo_buf.h>
#include <linux/iio/sysfs.h>

#include "ads1299-priv.h"
#include "compat.h"

/* What comes within that time has no order, for clocks are coarse; less than tSCCS: no cost */
#define ADS1299_CLOCK_STEP_NS		1000

static const unsigned int ads1299_settling_clocks[] = ADS1299_SETTLING_CLOCKS;

static s64 ads1299_clocks_to_ns(const struct ads1299_state *st, unsigned int clocks)
{
	return div_u64((u64)clocks * NSEC_PER_SEC, st->fclk_hz);
}

static void ads1299_count_lost(struct ads1299_capture *cap, enum ads1299_loss cause,
			       u32 scans)
{
	unsigned long flags;

	cap->gap = true;
	raw_spin_lock_irqsave(&cap->lock, flags);
	cap->lost[cause] += scans;
	raw_spin_unlock_irqrestore(&cap->lock, flags);
}

/* Context: @cap->lock held, and the caller owns @cap->busy */
static void ads1299_aim_at_newest_edge(struct ads1299_capture *cap)
{
	cap->reading = cap->edges - 1;
	cap->reading_ns = cap->edge_ns[cap->reading % ADS1299_EDGE_RING];
}

/* Context: any; the caller owns @busy, which goes to the completion of the read */
static void ads1299_submit_read(struct ads1299_state *st)
{
	struct ads1299_capture *cap = &st->capture;
	unsigned long flags;
	bool draining;

	if (likely(!spi_async(st->spi, &cap->msg)))
		return;

	/*
	 * Refused: the bus is locked (-EBUSY) or shutting down (-ESHUTDOWN).
	 * Nothing will call back, so the next edge has to find us idle; trying
	 * again from here would spin.
	 */
	raw_spin_lock_irqsave(&cap->lock, flags);
	cap->lost[ADS1299_LOST_DRDY] += cap->edges - 1 - cap->accounted;
	cap->lost[ADS1299_LOST_SPI]++;
	cap->accounted = cap->edges;
	cap->gap = true;
	cap->held = false;
	cap->busy = false;
	draining = cap->draining;
	raw_spin_unlock_irqrestore(&cap->lock, flags);

	if (draining)
		complete(&cap->idle);
}

/*
 * An edge while the chip does not stream.
 *
 * Context: @cap->lock held
 * Returns: true if it is the first one of the stream.
 */
static noinline bool ads1299_edge_aside(struct ads1299_capture *cap)
{
	switch (cap->state) {
	case ADS1299_STARTING:
	case ADS1299_RESTARTING:
		if (ktime_get_ns() >= cap->first_ns) {
			cap->state = ADS1299_RUNNING;
			return true;
		}
		if (cap->state == ADS1299_RESTARTING)
			cap->lost[ADS1299_LOST_DRDY]++;
		return false;
	case ADS1299_PAUSED:
		cap->lost[ADS1299_LOST_DRDY]++;
		return false;
	default:
		complete(&cap->drdy);
		return false;
	}
}

/*
 * Context: hard interrupt, also on PREEMPT_RT (and with "threadirqs" a thread
 * with interrupts off), so that the lock needs no irqsave here.
 */
static irqreturn_t ads1299_drdy_handler(int irq, void *dev_id)
{
	struct iio_dev *indio_dev = dev_id;
	struct ads1299_state *st = iio_priv(indio_dev);
	struct ads1299_capture *cap = &st->capture;
	s64 now_ns = iio_get_time_ns(indio_dev);
	bool submit;
	u32 edge;

	raw_spin_lock(&cap->lock);
	if (unlikely(cap->state != ADS1299_RUNNING) && !ads1299_edge_aside(cap))
		goto ignore;

	edge = cap->edges;
	/* An interrupt soon after the last one: was that late, or is this noise on the line? */
	if (unlikely((u64)(now_ns - cap->edge_ns[(edge - 1) % ADS1299_EDGE_RING]) <
		     cap->half_period_ns) &&
	    ads1299_grid_extra(&cap->grid, edge, ktime_get_ns())) {
		cap->ignored++;
		goto ignore;
	}

	cap->edge_ns[edge % ADS1299_EDGE_RING] = now_ns;
	if (cap->busy)
		cap->during_ns[edge % ADS1299_EDGE_RING] = ktime_get_ns();
	WRITE_ONCE(cap->edges, edge + 1);
	if (edge % ADS1299_GRID_EDGES == 0)
		cap->lost[ADS1299_LOST_DRDY] +=
			ads1299_grid_check(&cap->grid, edge, ktime_get_ns());

	submit = !cap->busy;
	if (submit) {
		cap->busy = true;
		ads1299_aim_at_newest_edge(cap);
	}
	raw_spin_unlock(&cap->lock);

	if (!submit)
		return IRQ_HANDLED;
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		return IRQ_WAKE_THREAD;

	ads1299_submit_read(st);
	return IRQ_HANDLED;

ignore:
	raw_spin_unlock(&cap->lock);
	return IRQ_HANDLED;
}

/* PREEMPT_RT only: the primary handler claimed the read, this one starts it */
static irqreturn_t ads1299_drdy_thread(int irq, void *dev_id)
{
	struct iio_dev *indio_dev = dev_id;

	ads1299_submit_read(iio_priv(indio_dev));
	return IRQ_HANDLED;
}

static void ads1299_push_scan(struct iio_dev *indio_dev, const u8 *frame, s64 edge_ns)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	struct ads1299_capture *cap = &st->capture;
	u32 flags = cap->gap ? ADS1299_FLAG_LOST : 0;
	unsigned int n = st->info->num_channels;
	u32 *scan = cap->scan;
	unsigned int i, chip;
	u32 status;

	for (chip = 0; chip < st->num_chips; chip++) {
		status = get_unaligned_be24(frame);
		frame += ADS1299_STATUS_BYTES;
		/* 32 bits from the first byte of a sample are its code << 8, and 8 bits too many */
		for (i = 0; i < n; i++, frame += ADS1299_SAMPLE_BYTES)
			scan[i] = (get_unaligned_be32(frame) & GENMASK(31, 8)) | flags;

		if (unlikely((status | st->electrodes_off[chip]) & st->leadoff_status_mask))
			ads1299_leadoff_flag(indio_dev, chip, status, scan);
		scan += n;
	}

	/* A full kfifo drops the newest scan, which is this one */
	cap->gap = iio_push_to_buffers_with_timestamp(indio_dev, cap->scan, edge_ns);
	if (unlikely(cap->gap))
		ads1299_count_lost(cap, ADS1299_LOST_FIFO, 1);
}

/* Edges before that one that are neither scans nor counted yet have no sample any more */
static void ads1299_account_until(struct ads1299_capture *cap, u32 edge)
{
	if (unlikely(cap->accounted != edge))
		ads1299_count_lost(cap, ADS1299_LOST_DRDY, edge - cap->accounted);
	cap->accounted = edge + 1;
}

static void ads1299_take_scan(struct iio_dev *indio_dev)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	struct ads1299_capture *cap = &st->capture;

	ads1299_account_until(cap, cap->reading);
	ads1299_push_scan(indio_dev, st->rdata_rx + 1, cap->reading_ns);
}

/*
 * The newest edge that may have come before the opcode went out: any that came
 * while the read was under way, but for the time that the bits after the
 * opcode took. Few controllers tell how fast they were; they are no faster than
 * they were asked to be, and were they slower, an edge too many is one in doubt:
 * see ads1299_read_unusual().
 */
static u32 ads1299_newest_edge_read(struct ads1299_state *st)
{
	struct ads1299_capture *cap = &st->capture;
	u32 speed_hz = cap->xfer.effective_speed_hz ?: cap->xfer.speed_hz;
	u32 bits = (cap->xfer.len - 1) * BITS_PER_BYTE;
	s64 latest_ns, bits_ns = 0;
	unsigned long flags;
	u32 edge;

	if (speed_hz)
		bits_ns = div_u64((u64)bits * NSEC_PER_SEC, speed_hz);

	raw_spin_lock_irqsave(&cap->lock, flags);
	latest_ns = ktime_get_ns() + ADS1299_CLOCK_STEP_NS - bits_ns;
	for (edge = cap->edges - 1; edge != cap->reading; edge--) {
		if (cap->edges - edge > ADS1299_EDGE_RING ||
		    cap->during_ns[edge % ADS1299_EDGE_RING] <= latest_ns)
			break;
	}
	raw_spin_unlock_irqrestore(&cap->lock, flags);

	return edge;
}

/*
 * A frame is held back because it may be that of either of two edges, and the
 * read after it gave the sample of @cap->reading for certain. Noise makes two
 * samples differ, so equal frames are one sample.
 */
static void ads1299_resolve_held(struct iio_dev *indio_dev)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	struct ads1299_capture *cap = &st->capture;

	if (cap->reading != cap->held_edge + 1 ||
	    !memcmp(cap->held_frame, st->rdata_rx + 1, cap->xfer.len - 1))
		return;

	ads1299_account_until(cap, cap->held_edge);
	ads1299_push_scan(indio_dev, cap->held_frame, cap->held_ns);
}

/*
 * The read failed, or edges came while it was under way, or one before it is
 * in doubt. What is neither pushed nor counted here is read again, or counted
 * with the next read, which follows at once.
 */
static noinline void ads1299_read_unusual(struct iio_dev *indio_dev, bool synced)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	struct ads1299_capture *cap = &st->capture;
	bool held = cap->held;
	u32 newest;

	cap->held = false;
	if (cap->msg.status || !synced) {
		ads1299_account_until(cap, cap->reading);
		ads1299_count_lost(cap, cap->msg.status ? ADS1299_LOST_SPI : ADS1299_LOST_SYNC, 1);
		return;
	}

	newest = ads1299_newest_edge_read(st);
	if (newest == cap->reading) {
		if (held)
			ads1299_resolve_held(indio_dev);
		ads1299_take_scan(indio_dev);
	} else if (newest == cap->reading + 1) {
		memcpy(cap->held_frame, st->rdata_rx + 1, cap->xfer.len - 1);
		cap->held_edge = cap->reading;
		cap->held_ns = cap->reading_ns;
		cap->held = true;
	}
}

/* Context: any; owns @busy. Reads the next sample if it is there already. */
static void ads1299_read_next(struct ads1299_state *st)
{
	struct ads1299_capture *cap = &st->capture;
	bool again, draining;
	unsigned long flags;

	raw_spin_lock_irqsave(&cap->lock, flags);
	again = cap->edges != cap->accounted && cap->state == ADS1299_RUNNING;
	if (again)
		ads1299_aim_at_newest_edge(cap);
	else
		cap->busy = false;
	draining = cap->draining;
	raw_spin_unlock_irqrestore(&cap->lock, flags);

	if (again)
		ads1299_submit_read(st);
	else if (unlikely(draining))
		complete(&cap->idle);
	else if (unlikely(READ_ONCE(st->watch.patrol_due)))
		ads1299_patrol(st);
}

/* The status word of every chip begins with 0xC, the only check that there is */
static bool ads1299_synced(const struct ads1299_state *st)
{
	const u8 *frame = st->rdata_rx + 1;
	unsigned int chips = st->num_chips;

	do {
		if ((*frame & (ADS1299_STATUS_SYNC_MASK >> 16)) != ADS1299_STATUS_SYNC >> 16)
			return false;
		frame += ADS1299_FRAME_BYTES(st->info->num_channels);
	} while (--chips);

	return true;
}

/*
 * Completion of the RDATA message. The scan is pushed before the next read can
 * be submitted, so that scans cannot overtake each other.
 *
 * Context: any, may be a hard interrupt of the SPI controller.
 */
static void ads1299_read_done(void *context)
{
	struct iio_dev *indio_dev = context;
	struct ads1299_state *st = iio_priv(indio_dev);
	struct ads1299_capture *cap = &st->capture;
	bool synced = ads1299_synced(st);

	if (unlikely(cap->msg.status || !synced || cap->held ||
		     READ_ONCE(cap->edges) != cap->reading + 1))
		ads1299_read_unusual(indio_dev, synced);
	else
		ads1299_take_scan(indio_dev);

	ads1299_read_next(st);
}

static void ads1299_set_state(struct ads1299_capture *cap, enum ads1299_capture_state state)
{
	raw_spin_lock_irq(&cap->lock);
	cap->state = state;
	raw_spin_unlock_irq(&cap->lock);
}

/* Waits until no read is under way; while edges still come that may be never */
static void ads1299_drain(struct ads1299_capture *cap, unsigned long timeout)
{
	bool busy;

	raw_spin_lock_irq(&cap->lock);
	busy = cap->busy;
	if (busy) {
		reinit_completion(&cap->idle);
		cap->draining = true;
	}
	raw_spin_unlock_irq(&cap->lock);
	if (!busy)
		return;

	wait_for_completion_timeout(&cap->idle, timeout);

	raw_spin_lock_irq(&cap->lock);
	cap->draining = false;
	raw_spin_unlock_irq(&cap->lock);
}

/* The conversion under way at STOP is completed (9.5.3.6), the first one after its settling */
static void ads1299_await_last_edge(struct ads1299_state *st)
{
	struct ads1299_capture *cap = &st->capture;
	unsigned int dr;
	s64 wait_ns;

	if (ads1299_data_rate(st, &dr))
		return;
	wait_ns = ads1299_clocks_to_ns(st, READ_ONCE(cap->edges) ? ADS1299_CLOCKS_PER_SAMPLE(dr)
								 : ads1299_settling_clocks[dr]);
	/* The tolerance of the oscillator, and some time for the interrupt */
	wait_ns += wait_ns / 16 + 100 * NSEC_PER_USEC;
	fsleep(div_u64(wait_ns, NSEC_PER_USEC));
}

static int ads1299_stop_conversions(struct ads1299_state *st)
{
	int ret;

	ret = ads1299_conversions_stop(st);
	/* Once more, for the sake of the counters: conversions that go on are not seen any more */
	if (ret)
		ret = ads1299_conversions_stop(st);
	st->capture.unstopped = ret;
	ads1299_await_last_edge(st);

	return ret;
}

/**
 * ads1299_capture_begin - start conversions, and a read at every DRDY edge
 * @indio_dev: the IIO device, idle or paused
 * @gap: the first scan follows a gap
 *
 * Context: can sleep.
 * Returns: 0 on success, or a negative error code: the state is as before.
 */
int ads1299_capture_begin(struct iio_dev *indio_dev, bool gap)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	struct ads1299_capture *cap = &st->capture;
	enum ads1299_capture_state before = cap->state;
	s64 settling_ns;
	unsigned int dr;
	int ret;

	ret = ads1299_data_rate(st, &dr);
	if (ret)
		return ret;
	settling_ns = ads1299_clocks_to_ns(st, ads1299_settling_clocks[dr]);
	if (cap->unstopped) {
		ret = ads1299_stop_conversions(st);
		if (ret)
			return ret;
	}

	raw_spin_lock_irq(&cap->lock);
	cap->edges = 0;
	cap->accounted = 0;
	cap->held = false;
	cap->gap = gap;
	memset(cap->edge_ns, 0, sizeof(cap->edge_ns));
	memset(st->electrodes_off, 0, sizeof(st->electrodes_off));
	cap->half_period_ns = ads1299_clocks_to_ns(st, ADS1299_CLOCKS_PER_SAMPLE(dr)) / 2;
	ads1299_grid_init(&cap->grid, dr, st->fclk_hz);
	/*
	 * An edge before the filter has settled (table 7, less the tolerance of
	 * the oscillator) was pending, or ends a conversion before this START.
	 */
	cap->first_ns = ktime_get_ns() + settling_ns - settling_ns / 16;
	cap->state = before == ADS1299_IDLE ? ADS1299_STARTING : ADS1299_RESTARTING;
	raw_spin_unlock_irq(&cap->lock);

	if (before == ADS1299_IDLE)
		enable_irq(st->spi->irq);
	ret = ads1299_conversions_start(st);
	if (ret) {
		/* It may have got through */
		cap->unstopped = true;
		ads1299_set_state(cap, before);
		if (before == ADS1299_IDLE)
			disable_irq(st->spi->irq);
		else
			synchronize_irq(st->spi->irq);
		ads1299_drain(cap, MAX_SCHEDULE_TIMEOUT);
		return ret;
	}

	raw_spin_lock_irq(&cap->lock);
	if (!cap->edges)
		cap->grid.due_ns = ktime_get_ns() + settling_ns;
	raw_spin_unlock_irq(&cap->lock);

	return 0;
}

/**
 * ads1299_capture_end - stop conversions and reads
 * @indio_dev: the IIO device, streaming or paused
 * @after: ADS1299_IDLE, or ADS1299_PAUSED when it will stream again
 *
 * When this returns no read is under way, and none can start; if @after is
 * ADS1299_IDLE the handler does not run, either.
 *
 * Context: can sleep; the watch does not work, or is the caller.
 * Returns: 0 on success, or a negative error code if STOP could not be sent.
 */
int ads1299_capture_end(struct iio_dev *indio_dev, enum ads1299_capture_state after)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	struct ads1299_capture *cap = &st->capture;
	bool streaming = cap->state != ADS1299_PAUSED;
	s64 end_ns = ktime_get_ns();
	bool intact;
	int ret;

	if (cap->state == ADS1299_IDLE)
		return 0;

	ret = ads1299_stop_conversions(st);
	if (streaming)
		ads1299_drain(cap, msecs_to_jiffies(100));

	/* From here on no edge starts a read, and no completion starts another */
	ads1299_set_state(cap, after);
	/* Waits for the handler, and on PREEMPT_RT for its thread */
	if (after == ADS1299_IDLE)
		disable_irq(st->spi->irq);
	else
		synchronize_irq(st->spi->irq);
	ads1299_drain(cap, MAX_SCHEDULE_TIMEOUT);
	if (!streaming)
		return ret;

	/*
	 * A chip that was reset has not converted: there is nothing to miss. On a
	 * bus with others nobody has looked at the registers until now.
	 */
	intact = ads1299_regs_intact(st, after == ADS1299_IDLE && st->watch.bus_shared) > 0;

	raw_spin_lock_irq(&cap->lock);
	cap->lost[ADS1299_LOST_DRDY] += cap->edges - cap->accounted;
	cap->accounted = cap->edges;
	if (intact)
		cap->lost[ADS1299_LOST_DRDY] += ads1299_grid_finish(&cap->grid, cap->edges, end_ns);
	else	/* They may have been conversions at another rate */
		cap->lost[ADS1299_LOST_DRDY] += cap->ignored - st->watch.ignored;
	raw_spin_unlock_irq(&cap->lock);

	return ret;
}

/**
 * ads1299_capture_start - begin to stream
 * @indio_dev: the IIO device, awake
 * @gap: the first scan follows a gap (resume)
 *
 * Context: can sleep; the buffer is enabled, which keeps direct mode away.
 * Returns: 0 on success, or a negative error code.
 */
int ads1299_capture_start(struct iio_dev *indio_dev, bool gap)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	unsigned int dr;
	int ret;

	ret = ads1299_data_rate(st, &dr);
	if (ret)
		return ret;

	/* Lost its registers since they were written? */
	ret = ads1299_regs_intact(st, false);
	if (!ret)
		ret = ads1299_reprogram(st);
	if (ret < 0)
		return ret;

	ret = ads1299_capture_begin(indio_dev, gap);
	if (ret)
		return ret;

	ret = ads1299_watch_start(st, dr);
	if (ret)
		ads1299_capture_end(indio_dev, ADS1299_IDLE);

	return ret;
}

/**
 * ads1299_capture_resume - go on with a stream that was stopped
 * @indio_dev: the IIO device, awake
 *
 * A chip that cannot be started now will be when it is there again.
 *
 * Context: can sleep; the buffer is enabled.
 * Returns: 0 on success, or a negative error code.
 */
int ads1299_capture_resume(struct iio_dev *indio_dev)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	unsigned int dr;
	int ret;

	if (!ads1299_capture_start(indio_dev, true))
		return 0;

	ret = ads1299_data_rate(st, &dr);
	if (ret)
		return ret;
	ads1299_set_state(&st->capture, ADS1299_PAUSED);
	enable_irq(st->spi->irq);

	return ads1299_watch_start(st, dr);
}

/**
 * ads1299_capture_stop - end a stream
 * @indio_dev: the IIO device
 *
 * Context: can sleep.
 * Returns: 0 on success, or a negative error code if STOP could not be sent.
 */
int ads1299_capture_stop(struct iio_dev *indio_dev)
{
	ads1299_watch_stop(iio_priv(indio_dev));

	return ads1299_capture_end(indio_dev, ADS1299_IDLE);
}

static int ads1299_buffer_preenable(struct iio_dev *indio_dev)
{
	struct ads1299_state *st = iio_priv(indio_dev);

	return ads1299_wake(st);
}

static int ads1299_buffer_postenable(struct iio_dev *indio_dev)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	struct ads1299_capture *cap = &st->capture;

	raw_spin_lock_irq(&cap->lock);
	memset(cap->lost, 0, sizeof(cap->lost));
	cap->recoveries = 0;
	raw_spin_unlock_irq(&cap->lock);

	return ads1299_capture_start(indio_dev, false);
}

static int ads1299_buffer_postdisable(struct iio_dev *indio_dev)
{
	ads1299_rest(iio_priv(indio_dev));

	return 0;
}

static const struct iio_buffer_setup_ops ads1299_buffer_setup_ops = {
	.preenable = ads1299_buffer_preenable,
	/* Not preenable: the buffers are attached between the two */
	.postenable = ads1299_buffer_postenable,
	.predisable = ads1299_capture_stop,
	.postdisable = ads1299_buffer_postdisable,
};

ssize_t ads1299_lost_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct ads1299_state *st = iio_priv(dev_to_iio_dev(dev));
	struct ads1299_capture *cap = &st->capture;
	u64 lost;

	raw_spin_lock_irq(&cap->lock);
	lost = cap->lost[to_iio_dev_attr(attr)->address];
	raw_spin_unlock_irq(&cap->lock);

	return sysfs_emit(buf, "%llu\n", lost);
}

ssize_t ads1299_recoveries_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct ads1299_state *st = iio_priv(dev_to_iio_dev(dev));
	struct ads1299_capture *cap = &st->capture;
	u64 recoveries;

	raw_spin_lock_irq(&cap->lock);
	recoveries = cap->recoveries;
	raw_spin_unlock_irq(&cap->lock);

	return sysfs_emit(buf, "%llu\n", recoveries);
}

/* Waits for the first DRDY after START: by then the filter has settled (table 7) */
static int ads1299_wait_drdy(struct ads1299_state *st, ktime_t started, unsigned int settling_us)
{
	unsigned long left = msecs_to_jiffies(100) + usecs_to_jiffies(2 * settling_us);

	do {
		left = wait_for_completion_timeout(&st->capture.drdy, left);
		if (!left)
			return -ETIMEDOUT;
		/* An edge from before START, replayed when the interrupt was enabled, is early */
	} while (ktime_us_delta(ktime_get(), started) < settling_us / 2);

	return 0;
}

static int ads1299_read_frame(struct ads1299_state *st)
{
	struct spi_transfer xfer = {
		.tx_buf = st->rdata_tx,
		.rx_buf = st->rdata_rx,
		.len = st->capture.xfer.len,
		.delay = st->decode_delay,
	};

	return ads1299_sync_transfer(st, &xfer);
}

/**
 * ads1299_convert_once - convert once and return the code of one channel
 * @indio_dev: the IIO device
 * @channel: number of the channel, from 0
 * @ret_code: the result, in LSB
 *
 * No register is touched: a conversion is stopped after its first result.
 *
 * Context: can sleep, must be called between ads1299_claim() and _release(),
 * which keeps the buffer and other conversions away.
 * Returns: 0 on success, or a negative error code.
 */
int ads1299_convert_once(struct iio_dev *indio_dev, unsigned int channel, int *ret_code)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	unsigned int n = st->info->num_channels;
	const u8 *frame = st->rdata_rx + 1 + channel / n * ADS1299_FRAME_BYTES(n);
	const u8 *sample = frame + ADS1299_FRAME_BYTES(channel % n);
	unsigned int dr, settling_us;
	ktime_t started;
	int ret, ret2;

	ret = ads1299_data_rate(st, &dr);
	if (ret)
		return ret;
	settling_us = div_u64((u64)ads1299_settling_clocks[dr] * USEC_PER_SEC, st->fclk_hz);

	reinit_completion(&st->capture.drdy);
	enable_irq(st->spi->irq);
	started = ktime_get();
	ret = ads1299_conversions_start(st);
	if (!ret)
		ret = ads1299_wait_drdy(st, started, settling_us);
	disable_irq(st->spi->irq);
	if (!ret)
		ret = ads1299_read_frame(st);
	ret2 = ads1299_conversions_stop(st);
	if (ret)
		return ret;
	if (ret2)
		return ret2;

	if (!ads1299_synced(st))
		return -EIO;

	*ret_code = sign_extend32(get_unaligned_be24(sample), ADS1299_CODE_BITS);
	return 0;
}

static void ads1299_prepare_message(struct iio_dev *indio_dev)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	struct ads1299_capture *cap = &st->capture;

	st->rdata_tx[0] = ADS1299_CMD_RDATA;
	cap->xfer = (struct spi_transfer) {
		.tx_buf = st->rdata_tx,
		.rx_buf = st->rdata_rx,
		.len = 1 + st->num_chips * ADS1299_FRAME_BYTES(st->info->num_channels),
		.delay = st->decode_delay,
	};
	spi_message_init_with_transfers(&cap->msg, &cap->xfer, 1);
	cap->msg.complete = ads1299_read_done;
	cap->msg.context = indio_dev;
}

/**
 * ads1299_capture_init - set up the message, the interrupt and the buffer
 * @indio_dev: the IIO device, its channels known
 *
 * Returns: 0 on success, or a negative error code, which has been reported.
 */
int ads1299_capture_init(struct iio_dev *indio_dev)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	struct device *dev = &st->spi->dev;
	struct ads1299_capture *cap = &st->capture;
	int ret;

	raw_spin_lock_init(&cap->lock);
	init_completion(&cap->drdy);
	init_completion(&cap->idle);

	ads1299_watch_init(indio_dev);
	ads1299_prepare_message(indio_dev);
	ret = devm_spi_optimize_message(dev, st->spi, &cap->msg);
	if (ret)
		return dev_err_probe(dev, ret, "cannot prepare the RDATA message\n");

	if (st->spi->irq <= 0)
		return dev_err_probe(dev, -EINVAL, "no DRDY interrupt\n");
	/* A level would be gone before it is looked at, or interrupt for ever */
	if (irq_get_trigger_type(st->spi->irq) & IRQ_TYPE_LEVEL_MASK)
		return dev_err_probe(dev, -EINVAL, "DRDY must be an edge-triggered interrupt\n");

	/*
	 * The polarity is the firmware's business. Without RT the handler may be
	 * threaded ("threadirqs"), since it calls into the SPI core.
	 */
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		ret = devm_request_threaded_irq(dev, st->spi->irq, ads1299_drdy_handler,
						ads1299_drdy_thread,
						IRQF_NO_THREAD | IRQF_NO_AUTOEN,
						dev_name(dev), indio_dev);
	else
		ret = devm_request_irq(dev, st->spi->irq, ads1299_drdy_handler,
				       IRQF_NO_AUTOEN, dev_name(dev), indio_dev);
	if (ret)
		return dev_err_probe(dev, ret, "cannot request the DRDY interrupt\n");

	ret = devm_iio_kfifo_buffer_setup(dev, indio_dev, &ads1299_buffer_setup_ops);
	if (ret)
		return dev_err_probe(dev, ret, "cannot set up the buffer\n");

	return 0;
}

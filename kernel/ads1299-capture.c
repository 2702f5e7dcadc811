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
 * once. Lost are the samples that were replaced before any opcode came, and
 * those are counted exactly, because the SPI core tells when it began the
 * transfer and the handler knows when the edges were.
 *
 * Every edge ends in a scan in the buffer or in one of the four counters. A
 * scan that failed a check is never pushed; the next good one carries
 * ADS1299_FLAG_LOST.
 *
 * PREEMPT_RT: the primary handler takes nothing but the time and a raw
 * spinlock, and stays in hard interrupt context. spi_async() takes a sleeping
 * lock there and goes to the interrupt thread. Without RT it is called straight
 * from the handler, which spares one context switch per scan.
 */

#include <linux/bits.h>
#include <linux/completion.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/minmax.h>
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

/*
 * Every 8th edge is compared with the grid, so that the average edge does not
 * pay for it: at the worst tolerance of the oscillator the phase is off by a
 * quarter of a period until the grid has learnt the true rate.
 */
#define ADS1299_GRID_EDGES	8
/* ... and what is missing counts when it stays so for that many more checks */
#define ADS1299_GRID_STEADY	64

static void ads1299_grid_init(struct ads1299_state *st, unsigned int dr)
{
	struct ads1299_grid *grid = &st->capture.grid;
	u64 clocks = (u64)ADS1299_GRID_EDGES * ADS1299_CLOCKS_PER_SAMPLE(dr);

	memset(grid, 0, sizeof(*grid));
	grid->window_ns = div_u64(clocks * NSEC_PER_SEC, st->fclk_hz);
	/* The internal oscillator is good for 2.5 % (7.5) */
	grid->min_window_ns = grid->window_ns - grid->window_ns / 32;
	grid->max_window_ns = grid->window_ns + grid->window_ns / 32;
}

/*
 * Finds edges that never became an interrupt, because interrupts were off for
 * longer than a period: the edges lie on a regular grid, whose phase and
 * period are tracked by a second-order loop (damping 0.7).
 *
 * A late interrupt is no proof, not even several: the edges may catch up, as
 * they do when a virtual machine had a pause. So a deficit counts only when it
 * stays the same over many edges at the nominal rate. That is too late for
 * ADS1299_FLAG_LOST; the place of the gap is seen in the timestamps.
 *
 * CLOCK_MONOTONIC, as the clock of the timestamps may be one that is set.
 */
static void ads1299_grid_check(struct ads1299_capture *cap, u32 edge)
{
	struct ads1299_grid *grid = &cap->grid;
	s32 period_ns = grid->window_ns >> ilog2(ADS1299_GRID_EDGES);
	s64 now_ns = ktime_get_ns();
	s64 late_ns = now_ns - grid->due_ns;
	s64 missing = 0;

	if (!edge) {
		grid->due_ns = now_ns + grid->window_ns;
		return;
	}

	if (late_ns > period_ns / 2)
		missing = div_s64(late_ns + period_ns / 2, period_ns);
	else if (late_ns < -period_ns / 2)
		missing = -div_s64(period_ns / 2 - late_ns, period_ns);
	late_ns -= missing * period_ns;

	grid->window_ns = clamp(grid->window_ns + late_ns / 8,
				grid->min_window_ns, grid->max_window_ns);
	grid->due_ns += missing * period_ns + late_ns / 2 + grid->window_ns;

	/* Unseen edges leave the others on the grid: a gap of another length is something else */
	if (missing < 0 || (missing && abs(late_ns) > period_ns / 8))
		grid->behind = 0;
	else
		grid->behind += missing;
	grid->steady = missing ? 0 : grid->steady + 1;
	if (!grid->behind || grid->steady < ADS1299_GRID_STEADY)
		return;

	cap->lost[ADS1299_LOST_DRDY] += grid->behind;
	grid->behind = 0;
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
	bool running;

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
	cap->busy = false;
	running = cap->running;
	raw_spin_unlock_irqrestore(&cap->lock, flags);

	if (!running)
		complete(&cap->idle);
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
	if (unlikely(!cap->running)) {
		raw_spin_unlock(&cap->lock);
		complete(&cap->drdy);
		return IRQ_HANDLED;
	}

	edge = cap->edges;
	cap->edge_ns[edge % ADS1299_EDGE_RING] = now_ns;
	WRITE_ONCE(cap->edges, edge + 1);
	if (edge % ADS1299_GRID_EDGES == 0)
		ads1299_grid_check(cap, edge);

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
}

/* PREEMPT_RT only: the primary handler claimed the read, this one starts it */
static irqreturn_t ads1299_drdy_thread(int irq, void *dev_id)
{
	struct iio_dev *indio_dev = dev_id;

	ads1299_submit_read(iio_priv(indio_dev));
	return IRQ_HANDLED;
}

/*
 * An edge came after the read was submitted. If it was before the opcode went
 * out, then the sample read is that of the newer edge: move @reading there.
 *
 * Returns: false if more edges came than are remembered, so that nobody can
 * tell which sample this is.
 */
static bool ads1299_find_edge_read(struct iio_dev *indio_dev)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	struct ads1299_capture *cap = &st->capture;
	s64 age_ns = ktime_get_real_ns() - ads1299_transfer_begin_ns(&cap->latch);
	s64 latch_ns = iio_get_time_ns(indio_dev) - age_ns;
	unsigned long flags;
	bool found = true;
	u32 edge;

	raw_spin_lock_irqsave(&cap->lock, flags);
	for (edge = cap->edges - 1; edge != cap->reading; edge--) {
		if (cap->edges - edge > ADS1299_EDGE_RING) {
			found = false;
			break;
		}
		if (cap->edge_ns[edge % ADS1299_EDGE_RING] <= latch_ns) {
			cap->reading = edge;
			cap->reading_ns = cap->edge_ns[edge % ADS1299_EDGE_RING];
			break;
		}
	}
	raw_spin_unlock_irqrestore(&cap->lock, flags);

	return found;
}

static void ads1299_push_scan(struct iio_dev *indio_dev, u32 status)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	struct ads1299_capture *cap = &st->capture;
	const u8 *sample = st->rdata_rx + 1 + ADS1299_STATUS_BYTES;
	u32 flags = cap->gap ? ADS1299_FLAG_LOST : 0;
	unsigned int i;

	/* 32 bits from the first byte of a sample are its code << 8, and 8 bits too many */
	for (i = 0; i < st->info->num_channels; i++, sample += ADS1299_SAMPLE_BYTES)
		cap->scan[i] = (get_unaligned_be32(sample) & GENMASK(31, 8)) | flags;

	if (unlikely((status | st->electrodes_off[0]) & st->leadoff_status_mask))
		ads1299_leadoff_flag(indio_dev, 0, status, cap->scan);

	/* A full kfifo drops the newest scan, which is this one */
	cap->gap = iio_push_to_buffers_with_timestamp(indio_dev, cap->scan, cap->reading_ns);
	if (unlikely(cap->gap))
		ads1299_count_lost(cap, ADS1299_LOST_FIFO, 1);
}

/* Context: any; owns @busy. Reads the next sample if it is there already. */
static void ads1299_read_next(struct ads1299_state *st)
{
	struct ads1299_capture *cap = &st->capture;
	bool running, again;
	unsigned long flags;

	raw_spin_lock_irqsave(&cap->lock, flags);
	running = cap->running;
	again = running && cap->edges != cap->accounted;
	if (again)
		ads1299_aim_at_newest_edge(cap);
	else
		cap->busy = false;
	raw_spin_unlock_irqrestore(&cap->lock, flags);

	if (again)
		ads1299_submit_read(st);
	else if (unlikely(!running))
		complete(&cap->idle);
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
	u32 status = get_unaligned_be24(st->rdata_rx + 1);
	bool found = true;

	if (unlikely(READ_ONCE(cap->edges) != cap->reading + 1))
		found = ads1299_find_edge_read(indio_dev);

	if (unlikely(cap->reading != cap->accounted))
		ads1299_count_lost(cap, ADS1299_LOST_DRDY, cap->reading - cap->accounted);
	cap->accounted = cap->reading + 1;

	if (unlikely(cap->msg.status))
		ads1299_count_lost(cap, ADS1299_LOST_SPI, 1);
	else if (unlikely((status & ADS1299_STATUS_SYNC_MASK) != ADS1299_STATUS_SYNC))
		ads1299_count_lost(cap, ADS1299_LOST_SYNC, 1);
	else if (unlikely(!found))
		ads1299_count_lost(cap, ADS1299_LOST_DRDY, 1);
	else
		ads1299_push_scan(indio_dev, status);

	ads1299_read_next(st);
}

/**
 * ads1299_capture_start - start conversions, and a read at every DRDY edge
 * @indio_dev: the IIO device
 * @gap: the first scan follows a gap (resume)
 *
 * Context: can sleep; the buffer is enabled, which keeps direct mode away.
 * Returns: 0 on success, or a negative error code.
 */
int ads1299_capture_start(struct iio_dev *indio_dev, bool gap)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	struct ads1299_capture *cap = &st->capture;
	unsigned int dr;
	int ret;

	ret = ads1299_data_rate(st, &dr);
	if (ret)
		return ret;

	/* No handler and no read runs now: nothing to lock out */
	cap->edges = 0;
	cap->accounted = 0;
	cap->gap = gap;
	memset(st->electrodes_off, 0, sizeof(st->electrodes_off));
	reinit_completion(&cap->idle);
	ads1299_grid_init(st, dr);

	/*
	 * A conversion that ended after the last STOP may have left an edge
	 * pending, which is replayed here: it is ignored, as we do not run yet.
	 */
	enable_irq(st->spi->irq);
	ret = ads1299_command(st, ADS1299_CMD_START);
	if (ret) {
		disable_irq(st->spi->irq);
		return ret;
	}

	/* The first DRDY comes a settling time after START, 250 us at least */
	raw_spin_lock_irq(&cap->lock);
	cap->running = true;
	raw_spin_unlock_irq(&cap->lock);

	return 0;
}

/**
 * ads1299_capture_stop - stop reads and conversions
 * @indio_dev: the IIO device
 *
 * When this returns no handler runs, no read is under way, and none can start.
 *
 * Context: can sleep.
 * Returns: 0 on success, or a negative error code if STOP could not be sent.
 */
int ads1299_capture_stop(struct iio_dev *indio_dev)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	struct ads1299_capture *cap = &st->capture;
	bool busy;

	/* From here on no edge starts a read, and no completion starts another */
	raw_spin_lock_irq(&cap->lock);
	cap->running = false;
	busy = cap->busy;
	raw_spin_unlock_irq(&cap->lock);

	/* Waits for the handler, and on PREEMPT_RT for its thread */
	disable_irq(st->spi->irq);
	if (busy)
		wait_for_completion(&cap->idle);

	return ads1299_command(st, ADS1299_CMD_STOP);
}

static int ads1299_buffer_postenable(struct iio_dev *indio_dev)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	struct ads1299_capture *cap = &st->capture;

	raw_spin_lock_irq(&cap->lock);
	memset(cap->lost, 0, sizeof(cap->lost));
	raw_spin_unlock_irq(&cap->lock);

	return ads1299_capture_start(indio_dev, false);
}

static const struct iio_buffer_setup_ops ads1299_buffer_setup_ops = {
	/* Not preenable: the buffers are attached between the two */
	.postenable = ads1299_buffer_postenable,
	.predisable = ads1299_capture_stop,
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

	return spi_sync_transfer(st->spi, &xfer, 1);
}

/**
 * ads1299_convert_once - convert once and return the code of one channel
 * @indio_dev: the IIO device
 * @channel: number of the channel, from 0
 * @ret_code: the result, in LSB
 *
 * No register is touched: a conversion is stopped after its first result.
 *
 * Context: can sleep, must be called with iio_device_claim_direct() held,
 * which keeps the buffer and other conversions away.
 * Returns: 0 on success, or a negative error code.
 */
int ads1299_convert_once(struct iio_dev *indio_dev, unsigned int channel, int *ret_code)
{
	static const unsigned int settling_clocks[] = ADS1299_SETTLING_CLOCKS;
	struct ads1299_state *st = iio_priv(indio_dev);
	const u8 *sample = st->rdata_rx + 1 + ADS1299_STATUS_BYTES + channel * ADS1299_SAMPLE_BYTES;
	unsigned int dr, settling_us;
	ktime_t started;
	int ret, ret2;
	u32 status;

	ret = ads1299_data_rate(st, &dr);
	if (ret)
		return ret;
	settling_us = div_u64((u64)settling_clocks[dr] * USEC_PER_SEC, st->fclk_hz);

	reinit_completion(&st->capture.drdy);
	enable_irq(st->spi->irq);
	started = ktime_get();
	ret = ads1299_command(st, ADS1299_CMD_START);
	if (!ret)
		ret = ads1299_wait_drdy(st, started, settling_us);
	disable_irq(st->spi->irq);
	if (!ret)
		ret = ads1299_read_frame(st);
	ret2 = ads1299_command(st, ADS1299_CMD_STOP);
	if (ret)
		return ret;
	if (ret2)
		return ret2;

	status = get_unaligned_be24(st->rdata_rx + 1);
	if ((status & ADS1299_STATUS_SYNC_MASK) != ADS1299_STATUS_SYNC)
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
		.len = 1 + ADS1299_FRAME_BYTES(st->info->num_channels),
		.delay = st->decode_delay,
		/* Takes the time when the opcode goes out, to whichever sample that belongs */
		.ptp_sts = &cap->latch,
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

	ads1299_prepare_message(indio_dev);
	ret = devm_spi_optimize_message(dev, st->spi, &cap->msg);
	if (ret)
		return dev_err_probe(dev, ret, "cannot prepare the RDATA message\n");

	if (st->spi->irq <= 0)
		return dev_err_probe(dev, -EINVAL, "no DRDY interrupt\n");

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

// SPDX-License-Identifier: GPL-2.0-only
/*
 * TI ADS1299 lead-off: electrodes that are off, as flags of the samples and as
 * events (9.3.2.4.3). Direct current pulls the inputs apart: a lost electrode
 * drifts to a rail and trips its comparator, which is reported in every status
 * word.
 */

#include <linux/bitfield.h>
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/device.h>
#include <linux/limits.h>
#include <linux/string.h>

#include <linux/iio/events.h>
#include <linux/iio/iio.h>

#include "ads1299-priv.h"
#include "compat.h"

/* Lead-off bits of a chip: those of an electrode that many inputs share hold for all of them */
static u32 ads1299_spread(const struct ads1299_state *st, unsigned int chip, u32 off)
{
	const struct ads1299_select *select = &st->selects[chip / st->chain];
	unsigned int i;
	u8 srb2 = 0;

	for (i = 0; i < st->info->num_channels; i++)
		if (select->regs[ADS1299_REG_CHSET(i)] & ADS1299_CHSET_SRB2)
			srb2 |= BIT(i);
	if (FIELD_GET(ADS1299_STATUS_LOFF_P_MASK, off) & srb2)
		off |= FIELD_PREP(ADS1299_STATUS_LOFF_P_MASK, srb2);
	if (st->settings.srb1 && off & ADS1299_STATUS_LOFF_N_MASK)
		off |= ADS1299_STATUS_LOFF_N_MASK;

	return off;
}

/* Context: any, but one at a time, as iio_push_event() asks */
static void ads1299_push_openwire(struct iio_dev *indio_dev, unsigned int channel)
{
	struct ads1299_state *st = iio_priv(indio_dev);

	if (!test_bit(channel, st->openwire_events))
		return;
	iio_push_event(indio_dev,
		       IIO_DIFF_EVENT_CODE(IIO_VOLTAGE, 2 * channel, 2 * channel + 1,
					   IIO_EV_TYPE_FAULT, IIO_EV_DIR_FAULT_OPENWIRE),
		       st->capture.reading_ns);
}

/**
 * ads1299_leadoff_flag - mark the channels whose electrodes are off
 * @indio_dev: the IIO device
 * @frames: the frames that capture.scan was made of
 *
 * To be called while electrodes are off, and once when they no longer are. An
 * electrode that has come off since the last call is an event, too.
 *
 * Context: any; the caller owns the read under way.
 */
void ads1299_leadoff_flag(struct iio_dev *indio_dev, const u8 *frames)
{
	struct ads1299_state *st = iio_priv(indio_dev);
	struct ads1299_capture *cap = &st->capture;
	unsigned int n = st->info->num_channels;
	u32 off[ADS1299_MAX_CHIPS], fresh[ADS1299_MAX_CHIPS];
	unsigned int chip, i, bit;

	st->any_electrode_off = false;
	for (chip = 0; chip < st->num_chips; chip++) {
		u32 status = get_unaligned_be24(frames + cap->status_at[chip]);

		status &= ads1299_leadoff_mask(&st->selects[chip / st->chain]);
		off[chip] = ads1299_spread(st, chip, status);
		/* One current for the SRB1 pins of a cascade: its comparator is that of all */
		if (st->settings.srb1 && chip >= st->chain)
			off[chip] |= off[chip % st->chain] & ADS1299_STATUS_LOFF_N_MASK;
		fresh[chip] = off[chip] & ~st->electrodes_off[chip];
		st->electrodes_off[chip] = off[chip];
		if (off[chip])
			st->any_electrode_off = true;
	}

	for (i = 0; i < cap->num_active; i++) {
		chip = cap->channel[i] / n;
		bit = cap->channel[i] % n;
		if (FIELD_GET(ADS1299_STATUS_LOFF_P_MASK, off[chip]) & BIT(bit))
			cap->scan[i] |= ADS1299_FLAG_P_OFF;
		if (FIELD_GET(ADS1299_STATUS_LOFF_N_MASK, off[chip]) & BIT(bit))
			cap->scan[i] |= ADS1299_FLAG_N_OFF;
		if ((FIELD_GET(ADS1299_STATUS_LOFF_P_MASK, fresh[chip]) |
		     FIELD_GET(ADS1299_STATUS_LOFF_N_MASK, fresh[chip])) & BIT(bit))
			ads1299_push_openwire(indio_dev, cap->channel[i]);
	}
}

int ads1299_read_event_config(struct iio_dev *indio_dev, const struct iio_chan_spec *chan,
			      enum iio_event_type type, enum iio_event_direction dir)
{
	struct ads1299_state *st = iio_priv(indio_dev);

	return test_bit(chan->address, st->openwire_events);
}

int ads1299_write_event_config(struct iio_dev *indio_dev, const struct iio_chan_spec *chan,
			       enum iio_event_type type, enum iio_event_direction dir,
			       ads1299_event_state state)
{
	struct ads1299_state *st = iio_priv(indio_dev);

	assign_bit(chan->address, st->openwire_events, state);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by the files of the ADS1299 driver. The chip itself is described in
 * ads1299.h.
 */
#ifndef ADS1299_PRIV_H
#define ADS1299_PRIV_H

#include <linux/completion.h>
#include <linux/gpio/driver.h>
#include <linux/mutex.h>
#include <linux/ptp_clock_kernel.h>
#include <linux/spi/spi.h>
#include <linux/spinlock_types.h>
#include <linux/types.h>

#include <linux/iio/iio.h>

#include "ads1299.h"
#include "compat.h"

struct device;
struct device_attribute;
struct fwnode_handle;
struct gpio_desc;
struct regmap;

#define ADS1299_MAX_CHIPS	4	/* in a daisy chain */

struct ads1299_chip_info {
	const char *name;
	unsigned int num_channels;
};

/* Why a scan did not reach the buffer. Every DRDY edge is a scan or one of these. */
enum ads1299_loss {
	/* replaced by a newer sample before it was read, or its edge never seen */
	ADS1299_LOST_DRDY,
	/* the SPI transfer failed or was refused */
	ADS1299_LOST_SPI,
	/* the status word did not begin with 0xC */
	ADS1299_LOST_SYNC,
	/* the IIO buffer was full */
	ADS1299_LOST_FIFO,
	ADS1299_NUM_LOSSES
};

/* Edges whose time is remembered, to tell which one a late read belongs to */
#define ADS1299_EDGE_RING	8

/**
 * struct ads1299_grid - the regular grid of DRDY edges, to find unseen ones
 * @due_ns: when the next edge to be checked is due (CLOCK_MONOTONIC)
 * @window_ns: time from one checked edge to the next, tracked
 * @min_window_ns: bound of @window_ns from the tolerance of the oscillator
 * @max_window_ns: bound of @window_ns from the tolerance of the oscillator
 * @behind: edges the grid has had and the handler has not
 * @steady: checks in a row that found the edges on the grid
 */
struct ads1299_grid {
	s64 due_ns;
	s64 window_ns;
	s64 min_window_ns;
	s64 max_window_ns;
	s64 behind;
	unsigned int steady;
};

/**
 * struct ads1299_capture - the way from a DRDY edge to a scan
 * @lock: protects @running, @busy, @edges, @edge_ns, @grid and @lost between the
 *	  interrupt handler, the completion of the read, and sysfs
 * @running: edges start reads. When clear they complete @drdy instead
 * @busy: a read is under way. Whoever sets it owns the message, the transfer
 *	  buffers and the members from @reading on, until it is cleared
 * @edges: DRDY edges seen, which is the number of the next one
 * @edge_ns: when the latest edges were, by number modulo the size
 * @grid: where the edges should have been
 * @lost: scans lost since the buffer was enabled, by cause
 * @reading: number of the edge whose sample is being read
 * @reading_ns: time of that edge
 * @accounted: edges before this one became scans or were counted as lost
 * @gap: something was lost since the last scan pushed
 * @latch: when the SPI core began the transfer
 * @scan: channels, then the timestamp
 * @msg: the RDATA message, prepared once
 * @xfer: its only transfer
 * @drdy: an edge, for single conversions
 * @idle: the last read has ended, for the one who cleared @running
 */
struct ads1299_capture {
	raw_spinlock_t lock;
	bool running;
	bool busy;
	u32 edges;
	s64 edge_ns[ADS1299_EDGE_RING];
	struct ads1299_grid grid;
	u64 lost[ADS1299_NUM_LOSSES];

	u32 reading;
	s64 reading_ns;
	u32 accounted;
	bool gap;
	struct ptp_system_timestamp latch;
	u32 scan[ADS1299_MAX_CHANNELS + sizeof(s64) / sizeof(u32)] __aligned(8);
	struct spi_message msg;
	struct spi_transfer xfer;

	struct completion drdy;
	struct completion idle;
};

/**
 * struct ads1299_wiring - what firmware says of the board
 * @bias_drive: the bias electrode is wired
 * @bias_external_reference: BIASREF is fed from outside
 * @srb1: SRB1 is the reference of all channels
 * @bench: no person is connected
 * @bias_sense_p: positive inputs that feed the bias amplifier, by bits
 * @bias_sense_n: negative inputs that feed the bias amplifier, by bits
 * @srb2: channels whose positive input is connected to SRB2, by bits
 */
struct ads1299_wiring {
	bool bias_drive;
	bool bias_external_reference;
	bool srb1;
	bool bench;
	u8 bias_sense_p;
	u8 bias_sense_n;
	u8 srb2;
};

struct ads1299_state {
	struct spi_device *spi;
	struct regmap *regmap;
	struct gpio_desc *reset_gpio;
	const struct ads1299_chip_info *info;
	unsigned int num_chips;
	unsigned int num_channels;	/* of all chips */
	unsigned long fclk_hz;
	bool internal_ref;
	int rates_hz[ADS1299_NUM_RATES];
	/* By gain code, in 1e-15 V per LSB, which is 1e-12 of the mV of the ABI */
	s64 scales_fv[ADS1299_NUM_GAINS];
	unsigned int vref_uv;
	const char *labels[ADS1299_MAX_CHANNELS];
	unsigned long scan_masks[2];
	struct ads1299_wiring wiring;
	/* Input wanted of each channel; the register differs while it is powered down */
	u8 mux[ADS1299_MAX_CHANNELS];
	bool leadoff_on;
	/* All negative inputs are one electrode, reported as that of the first channel */
	bool leadoff_n_shared;
	/* Lead-off bits of the status word that mean something now */
	u32 leadoff_status_mask;
	/* ... and those that were set in the last one, by chip */
	u32 electrodes_off[ADS1299_MAX_CHIPS];
	/* Channels whose lost electrodes are events, by bits */
	unsigned long openwire_events;
	struct gpio_chip gpio;
	/* CS low after the last bit, tSCCS; also the decode time of a command */
	struct spi_delay decode_delay;
	struct ads1299_capture capture;

	/* Protects tx and rx, and with them the order of commands on the bus */
	struct mutex lock;
	u8 tx[3] __aligned(IIO_DMA_MINALIGN);
	u8 rx[3];
	/* Owned by direct mode, or by the read under way: see capture.busy */
	u8 rdata_tx[1 + ADS1299_MAX_FRAME_BYTES];
	/* Samples are read as 32 bits, the last one over the end of the frame */
	u8 rdata_rx[1 + ADS1299_MAX_FRAME_BYTES + 1] __aligned(4);
};

/* All chips of a chain have the same registers. Returns: the channel they belong to. */
static inline unsigned int ads1299_chip_channel(const struct ads1299_state *st,
						const struct iio_chan_spec *chan)
{
	return chan->address % st->info->num_channels;
}

/* ads1299-core.c */
int ads1299_command(struct ads1299_state *st, u8 opcode);
int ads1299_claim(struct iio_dev *indio_dev);
void ads1299_release(struct iio_dev *indio_dev);
int ads1299_reg_read(void *context, unsigned int reg, unsigned int *val);
int ads1299_debugfs_reg_access(struct iio_dev *indio_dev, unsigned int reg,
			       unsigned int writeval, unsigned int *readval);

/* ads1299-channels.c */
void ads1299_init_tables(struct ads1299_state *st, unsigned int vref_uv);
int ads1299_init_channels(struct iio_dev *indio_dev);
int ads1299_configure_channels(struct ads1299_state *st);
int ads1299_data_rate(const struct ads1299_state *st, unsigned int *ret_dr);
int ads1299_powered_channels(struct ads1299_state *st, u8 *ret_channels);

/* ads1299-capture.c */
int ads1299_capture_init(struct iio_dev *indio_dev);
int ads1299_capture_start(struct iio_dev *indio_dev, bool gap);
int ads1299_capture_stop(struct iio_dev *indio_dev);
int ads1299_convert_once(struct iio_dev *indio_dev, unsigned int channel, int *ret_code);
ssize_t ads1299_lost_show(struct device *dev, struct device_attribute *attr, char *buf);

/* ads1299-choice.c */
#define ADS1299_MICRO	1000000

/**
 * struct ads1299_choice - a setting that is one of a list
 * @words: the items, where they are words
 * @number: the items in millionths, where they are numbers
 * @num_items: how many there are
 * @offered: whether an item is listed; all are without it
 * @reg: register of the field, for the first channel if @per_channel
 * @mask: the field
 * @codes: value of the field for each item; that is its number without it
 * @per_channel: one register for each channel
 * @get: the item in force, in place of reading the field. @channel is of the chip
 * @set: in place of writing the field
 */
struct ads1299_choice {
	const char * const *words;
	int (*number)(const struct ads1299_state *st, unsigned int item, u64 *ret_micro);
	unsigned int num_items;
	bool (*offered)(const struct ads1299_state *st, unsigned int item);
	u8 reg;
	u8 mask;
	const u8 *codes;
	bool per_channel;
	int (*get)(struct ads1299_state *st, unsigned int channel);
	int (*set)(struct ads1299_state *st, unsigned int channel, unsigned int item);
};

ssize_t ads1299_choice_read(struct iio_dev *indio_dev, uintptr_t private,
			    const struct iio_chan_spec *chan, char *buf);
ssize_t ads1299_choice_write(struct iio_dev *indio_dev, uintptr_t private,
			     const struct iio_chan_spec *chan, const char *buf, size_t len);
ssize_t ads1299_choice_available(struct iio_dev *indio_dev, uintptr_t private,
				 const struct iio_chan_spec *chan, char *buf);

/* ads1299-bias.c */
extern const char * const ads1299_no_yes[2];
extern const struct ads1299_choice ads1299_bias_drive_choice;
extern const struct ads1299_choice ads1299_bias_sense_choice;
extern const struct ads1299_choice ads1299_srb1_choice;
extern const struct ads1299_choice ads1299_srb2_choice;
void ads1299_read_wiring(struct ads1299_state *st);
int ads1299_read_channel_wiring(struct ads1299_state *st, struct fwnode_handle *node,
				unsigned int channel);
int ads1299_configure_bias(struct ads1299_state *st);
ssize_t ads1299_bias_connected_show(struct device *dev, struct device_attribute *attr, char *buf);

/* ads1299-testsignal.c */
extern const struct ads1299_choice ads1299_test_amplitude_choice;
extern const struct ads1299_choice ads1299_test_frequency_choice;

/* ads1299-measure.c */
#define ADS1299_NUM_SUPPLIES	2

void ads1299_init_measured(struct ads1299_state *st, struct iio_chan_spec *channels);
int ads1299_measure(struct iio_dev *indio_dev, const struct iio_chan_spec *chan, int *ret_code);
int ads1299_measured_scale(const struct ads1299_state *st, const struct iio_chan_spec *chan,
			   int *val, int *val2);
int ads1299_temperature_offset(const struct ads1299_state *st);
const char *ads1299_measured_label(const struct iio_chan_spec *chan);

/* ads1299-leadoff.c */
extern const struct ads1299_choice ads1299_leadoff_current_choice;
extern const struct ads1299_choice ads1299_leadoff_frequency_choice;
extern const struct ads1299_choice ads1299_leadoff_threshold_choice;
int ads1299_leadoff_apply(struct ads1299_state *st);
void ads1299_leadoff_flag(struct iio_dev *indio_dev, unsigned int chip, u32 status, u32 *scan);
int ads1299_read_event_config(struct iio_dev *indio_dev, const struct iio_chan_spec *chan,
			      enum iio_event_type type, enum iio_event_direction dir);
int ads1299_write_event_config(struct iio_dev *indio_dev, const struct iio_chan_spec *chan,
			       enum iio_event_type type, enum iio_event_direction dir,
			       ads1299_event_state state);

/* ads1299-gpio.c */
int ads1299_gpio_init(struct iio_dev *indio_dev);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by the files of the ADS1299 driver. The chip itself is described in
 * ads1299.h.
 */
#ifndef ADS1299_PRIV_H
#define ADS1299_PRIV_H

#include <linux/bits.h>
#include <linux/completion.h>
#include <linux/gpio/driver.h>
#include <linux/kconfig.h>
#include <linux/math.h>
#include <linux/mutex.h>
#include <linux/regulator/consumer.h>
#include <linux/spi/spi.h>
#include <linux/spinlock_types.h>
#include <linux/timer.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include <linux/iio/iio.h>

#include "ads1299.h"
#include "compat.h"

struct clk;
struct device;
struct device_attribute;
struct fwnode_handle;
struct gpio_desc;
struct regmap;

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

/*
 * A daisy chain has one chip select, one DRDY, and one frame after the other
 * (10.1.4.2). Of nine chips the first reads of 250 samples/s take 1 MHz, and of
 * 4000 samples/s 8.8 MHz (equation 10).
 */
#define ADS1299_MAX_CHIPS		9
#define ADS1299_MAX_SCAN_CHANNELS	(ADS1299_MAX_CHIPS * ADS1299_MAX_CHANNELS)
/* A mask takes whole words, which on 32 bits are two where a chain of four has 33 elements */
#define ADS1299_SCAN_MASK_BITS		round_up(ADS1299_MAX_SCAN_CHANNELS + 1, BITS_PER_LONG)
/* The byte of RDATA, then the frames */
#define ADS1299_MAX_RDATA_BYTES		(1 + ADS1299_MAX_CHIPS * ADS1299_MAX_FRAME_BYTES)

/* Opcode, count, and all registers but ID */
#define ADS1299_MAX_REG_BYTES		(2 + ADS1299_REG_LAST)

/* Edges whose time is remembered, to tell which one a late read belongs to */
#define ADS1299_EDGE_RING		8
/* Every 8th edge is compared with the grid, so that the average edge does not pay for it */
#define ADS1299_GRID_EDGES		8

/**
 * struct ads1299_grid - the regular grid of DRDY edges, to find unseen ones
 * @due_ns: when the next edge to be checked is due (CLOCK_MONOTONIC)
 * @window_ns: time from one checked edge to the next, tracked
 * @min_window_ns: bound of @window_ns from the tolerance of the oscillator
 * @max_window_ns: bound of @window_ns from the tolerance of the oscillator
 * @behind: edges the grid has had and the handler has not
 * @steady: checks in a row that found the edges on the grid
 * @on_time: the last check found one that was neither late nor early
 */
struct ads1299_grid {
	s64 due_ns;
	s64 window_ns;
	s64 min_window_ns;
	s64 max_window_ns;
	s64 behind;
	unsigned int steady;
	bool on_time;
};

/* What an edge of DRDY means */
enum ads1299_capture_state {
	/* the end of a single conversion */
	ADS1299_IDLE,
	/* START is on its way: an edge too early to come from it is of another conversion */
	ADS1299_STARTING,
	/* the same after a pause: it is a sample lost */
	ADS1299_RESTARTING,
	/* a sample to be read */
	ADS1299_RUNNING,
	/* a sample lost, because the chip is being recovered */
	ADS1299_PAUSED,
};

/**
 * struct ads1299_capture - the way from a DRDY edge to a scan
 * @lock: protects the members from @state to @recoveries between the interrupt
 *	  handler, the completion of the read, the watch, and sysfs
 * @state: what an edge means
 * @busy: a read is under way. Whoever sets it owns the message, the transfer
 *	  buffers and the members from @reading to @held_frame, until it is cleared
 * @draining: somebody waits for @idle
 * @unstopped: a STOP failed, so that the chip may convert still
 * @edges: DRDY edges seen, which is the number of the next one
 * @ignored: interrupts taken for noise
 * @edge_ns: when the latest edges were, by number modulo the size
 * @during_ns: the same for those that came while a read was under way, by
 *	       CLOCK_MONOTONIC: that of the timestamps may be set, or be coarse
 * @half_period_ns: two edges closer than that are looked at
 * @first_ns: no edge of the stream comes before that (CLOCK_MONOTONIC)
 * @grid: where the edges should have been
 * @lost: scans lost since the buffer was enabled, by cause
 * @recoveries: times the chip was reprogrammed since the buffer was enabled
 * @reading: number of the edge whose sample is being read
 * @reading_ns: time of that edge
 * @accounted: edges before this one became scans or were counted as lost
 * @gap: something was lost since the last scan pushed
 * @held: @held_frame is the sample of @held_edge or of the edge after it
 * @held_edge: see @held
 * @held_ns: time of @held_edge
 * @scan: channels, then the timestamp
 * @held_frame: what was read, with room as in rdata_rx
 * @msg: the RDATA message, prepared once
 * @xfer: its only transfer
 * @drdy: an edge, for single conversions
 * @idle: the last read has ended, for the one who set @draining
 */
struct ads1299_capture {
	raw_spinlock_t lock;
	enum ads1299_capture_state state;
	bool busy;
	bool draining;
	bool unstopped;
	u32 edges;
	u32 ignored;
	s64 edge_ns[ADS1299_EDGE_RING];
	s64 during_ns[ADS1299_EDGE_RING];
	s64 half_period_ns;
	s64 first_ns;
	struct ads1299_grid grid;
	u64 lost[ADS1299_NUM_LOSSES];
	u64 recoveries;

	u32 reading;
	s64 reading_ns;
	u32 accounted;
	bool gap;
	bool held;
	u32 held_edge;
	s64 held_ns;
	u32 scan[ADS1299_MAX_SCAN_CHANNELS + sizeof(s64) / sizeof(u32)] __aligned(8);
	u8 held_frame[ADS1299_MAX_RDATA_BYTES + 1];
	struct spi_message msg;
	struct spi_transfer xfer;

	struct completion drdy;
	struct completion idle;
};

/**
 * struct ads1299_wiring - how electrodes are connected: as firmware says, then as attributes do
 * @bias_drive: the bias electrode is wired
 * @bias_external_reference: BIASREF is fed from outside
 * @srb1: SRB1 is the reference of all channels
 * @bench: no person is connected
 * @bias_sense_p: positive inputs that feed the bias amplifier, by bits
 * @bias_sense_n: negative inputs that feed the bias amplifier, by bits
 * @bias_sense_named: channels of which that was said, and is no default, by bits
 * @srb2: channels whose positive input is connected to SRB2, by bits
 */
struct ads1299_wiring {
	bool bias_drive;
	bool bias_external_reference;
	bool srb1;
	bool bench;
	u8 bias_sense_p;
	u8 bias_sense_n;
	u8 bias_sense_named;
	u8 srb2;
};

/**
 * struct ads1299_watch - looks after the chip while it streams
 * @indio_dev: the device
 * @on: timer, work and patrol may run (protected by capture.lock)
 * @timer: looks at the edges, and has the next registers read
 * @work: recovers the chip
 * @trouble: why @work was queued (protected by capture.lock)
 * @complained: an error was reported, and nothing was well since then
 * @attempts: what was tried to have conversions again, and nothing was well since then
 * @power_ns: when power went off last for want of conversions
 * @bus_shared: the bus has other devices
 * @period_ns: nominal period of the edges
 * @looked_ns: when the timer looked last
 * @edges: capture.edges then
 * @ignored: capture.ignored when all was well the last time
 * @unsynced: lost[ADS1299_LOST_SYNC] then
 * @patrol_due: the next read of a sample is to be followed by one of registers
 * @patrolling: that is under way
 * @patrol_first: the first register it reads
 * @patrol_count: how many registers fit between two samples, 0 if too few do
 * @expected: what registers should be
 * @checked: bits of them that are looked at
 * @msg: the RREG message
 * @xfer: its only transfer
 * @patrolled: no patrol is under way any more
 */
struct ads1299_watch {
	struct iio_dev *indio_dev;
	bool on;
	struct timer_list timer;
	struct work_struct work;
	unsigned int trouble;
	bool complained;
	unsigned int attempts;
	s64 power_ns;
	bool bus_shared;
	s64 period_ns;
	s64 looked_ns;
	u32 edges;
	u32 ignored;
	u64 unsynced;

	bool patrol_due;
	bool patrolling;
	unsigned int patrol_first;
	unsigned int patrol_count;
	u8 expected[ADS1299_NUM_REGS];
	u8 checked[ADS1299_NUM_REGS];
	struct spi_message msg;
	struct spi_transfer xfer;
	struct completion patrolled;
};

struct ads1299_state {
	struct spi_device *spi;
	struct regmap *regmap;
	struct gpio_desc *reset_gpio;
	struct gpio_desc *powerdown_gpio;
	struct gpio_desc *start_gpio;
	struct regulator_bulk_data supplies[2];
	struct regulator *vref;
	struct clk *clk;
	bool powered;
	/* A register may not have what the cache of regmap says */
	bool registers_unsure;
	/* The CLK pin is an output, for others */
	bool clock_output;
	/* Of each chip of the chain: they cannot differ, for they are told the same */
	const struct ads1299_chip_info *info;
	unsigned int num_chips;
	unsigned int num_channels;	/* of all chips */
	unsigned long fclk_hz;
	bool internal_ref;
	int rates_hz[ADS1299_NUM_RATES];
	/* By gain code, in mV per LSB, as IIO_VAL_FRACTIONAL_LOG2 */
	int scales[ADS1299_NUM_GAINS][2];
	unsigned int vref_uv;
	const char *labels[ADS1299_MAX_SCAN_CHANNELS];
	/* One mask as long as a scan has elements, the timestamp among them, and an empty one */
	DECLARE_BITMAP(scan_masks, 2 * ADS1299_SCAN_MASK_BITS);
	struct ads1299_wiring wiring;
	/* Input wanted of each channel; the register differs while it is powered down */
	u8 mux[ADS1299_MAX_CHANNELS];
	bool leadoff_on;
	/* All negative inputs are one electrode, reported as that of the first channel */
	bool leadoff_n_shared;
	/* ... and so are these positive inputs, by bits */
	u8 leadoff_p_shared;
	/* Lead-off bits of the status word that mean something now */
	u32 leadoff_status_mask;
	/* ... and those that were set in the last one, by chip */
	u32 electrodes_off[ADS1299_MAX_CHIPS];
	/* Channels whose lost electrodes are events, by bits */
	DECLARE_BITMAP(openwire_events, ADS1299_MAX_SCAN_CHANNELS);
	struct gpio_chip gpio;
	/* CS low after the last bit, tSCCS; also the decode time of a command */
	struct spi_delay decode_delay;
	struct ads1299_capture capture;
	struct ads1299_watch watch;

	/* Protects tx and rx, and with them the order of commands on the bus */
	struct mutex lock;
	u8 tx[ADS1299_MAX_REG_BYTES] __aligned(IIO_DMA_MINALIGN);
	u8 rx[ADS1299_MAX_REG_BYTES];
	/* Owned by direct mode, or by the read under way: see capture.busy */
	u8 rdata_tx[ADS1299_MAX_RDATA_BYTES] __aligned(IIO_DMA_MINALIGN);
	/* Samples are read as 32 bits, the last one over the end of the frame */
	u8 rdata_rx[ADS1299_MAX_RDATA_BYTES + 1] __aligned(4);
	/* Owned by the patrol under way */
	u8 patrol_tx[ADS1299_MAX_REG_BYTES] __aligned(IIO_DMA_MINALIGN);
	u8 patrol_rx[ADS1299_MAX_REG_BYTES];
};

/* All chips of a chain have the same registers. Returns: the channel they belong to. */
static inline unsigned int ads1299_chip_channel(const struct ads1299_state *st,
						const struct iio_chan_spec *chan)
{
	return chan->address % st->info->num_channels;
}

/* ads1299-core.c */
int ads1299_sync_transfer(struct ads1299_state *st, struct spi_transfer *xfer);
int ads1299_command(struct ads1299_state *st, u8 opcode);
int ads1299_conversions_start(struct ads1299_state *st);
int ads1299_conversions_stop(struct ads1299_state *st);
u8 ads1299_reg_checked_bits(const struct ads1299_state *st, unsigned int reg);
int ads1299_regs_intact(struct ads1299_state *st, bool complain);
int ads1299_reprogram(struct ads1299_state *st);
int ads1299_power_cycle(struct ads1299_state *st);
u32 ads1299_reg_speed_hz(const struct ads1299_state *st);
int ads1299_wake(struct ads1299_state *st);
void ads1299_rest(struct ads1299_state *st);
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

/* ads1299-grid.c */
void ads1299_grid_init(struct ads1299_grid *grid, unsigned int dr, unsigned long fclk_hz);
u32 ads1299_grid_check(struct ads1299_grid *grid, u32 edge, s64 now_ns);
bool ads1299_grid_extra(const struct ads1299_grid *grid, u32 edge, s64 now_ns);
u32 ads1299_grid_finish(struct ads1299_grid *grid, u32 edges, s64 end_ns);

/* ads1299-capture.c */
int ads1299_capture_init(struct iio_dev *indio_dev);
int ads1299_capture_begin(struct iio_dev *indio_dev, bool gap);
int ads1299_capture_end(struct iio_dev *indio_dev, enum ads1299_capture_state after);
int ads1299_capture_start(struct iio_dev *indio_dev, bool gap);
int ads1299_capture_resume(struct iio_dev *indio_dev);
int ads1299_capture_stop(struct iio_dev *indio_dev);
int ads1299_convert_once(struct iio_dev *indio_dev, unsigned int channel, int *ret_code);
ssize_t ads1299_lost_show(struct device *dev, struct device_attribute *attr, char *buf);
ssize_t ads1299_recoveries_show(struct device *dev, struct device_attribute *attr, char *buf);

/* ads1299-clkout.c */
#if IS_ENABLED(CONFIG_COMMON_CLK)
int ads1299_clkout_init(struct ads1299_state *st);
#else
static inline int ads1299_clkout_init(struct ads1299_state *st)
{
	return 0;
}
#endif

/* ads1299-watch.c */
void ads1299_watch_init(struct iio_dev *indio_dev);
int ads1299_watch_start(struct ads1299_state *st, unsigned int dr);
void ads1299_watch_stop(struct ads1299_state *st);
void ads1299_patrol(struct ads1299_state *st);

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
int ads1299_route(struct ads1299_state *st);
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

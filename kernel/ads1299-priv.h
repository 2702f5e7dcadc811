/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by the files of the ADS1299 driver. The chip itself is described in
 * ads1299.h.
 */
#ifndef ADS1299_PRIV_H
#define ADS1299_PRIV_H

#include <linux/atomic.h>
#include <linux/bitfield.h>
#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/gpio/driver.h>
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
struct gpio_desc;

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
 * Chips that share DRDY and START are one device: with a chip select each (a
 * cascade, 10.1.4.1), or one after the other behind one of them (a daisy chain,
 * 10.1.4.2). What is behind a chip select has the same registers.
 */
#define ADS1299_MAX_SELECTS		4
#define ADS1299_MAX_CHIPS		9
#define ADS1299_MAX_INPUTS		(ADS1299_MAX_SELECTS * ADS1299_MAX_CHANNELS)
#define ADS1299_MAX_SCAN_CHANNELS	(ADS1299_MAX_CHIPS * ADS1299_MAX_CHANNELS)

/* The byte of RDATA, the frames, and a byte more: samples are read as 32 bits */
#define ADS1299_FRAMES_BYTES		(1 + ADS1299_MAX_CHIPS * ADS1299_MAX_FRAME_BYTES + 1)
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
 * @busy: a read is under way. Whoever sets it owns the messages, the transfer
 *	  buffers and the members from @reading on, until it is cleared
 * @draining: somebody waits for @idle
 * @unstopped: a STOP failed, so that the chip may convert still
 * @edges: DRDY edges seen, which is the number of the next one
 * @ignored: interrupts taken for noise
 * @edge_ns: when the latest edges were, by number modulo the size
 * @half_period_ns: two edges closer than that are looked at
 * @first_ns: no edge of the stream comes before that (CLOCK_MONOTONIC)
 * @grid: where the edges should have been
 * @lost: scans lost since the driver was bound, by cause
 * @recoveries: times the chip was reprogrammed since then
 * @reading: number of the edge whose sample is being read
 * @reading_ns: time of that edge
 * @accounted: edges before this one became scans or were counted as lost
 * @pending: messages of the read that have not come back
 * @refused: not all of them could be sent
 * @gap: something was lost since the last scan pushed
 * @held: ads1299_state.held has the sample of @held_edge or of the edge after it
 * @held_edge: see @held
 * @held_ns: time of @held_edge
 * @num_active: channels in a scan
 * @channel: which they are
 * @sample_at: where their samples are in the frames
 * @status_at: where the status word of each chip is
 * @scan: channels, then the timestamp
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
	s64 half_period_ns;
	s64 first_ns;
	struct ads1299_grid grid;
	u64 lost[ADS1299_NUM_LOSSES];
	u64 recoveries;

	u32 reading;
	s64 reading_ns;
	u32 accounted;
	atomic_t pending;
	bool refused;
	bool gap;
	bool held;
	u32 held_edge;
	s64 held_ns;
	unsigned int num_active;
	u8 channel[ADS1299_MAX_SCAN_CHANNELS];
	u16 sample_at[ADS1299_MAX_SCAN_CHANNELS];
	u16 status_at[ADS1299_MAX_CHIPS];
	u32 scan[ADS1299_MAX_SCAN_CHANNELS + sizeof(s64) / sizeof(u32)] __aligned(8);

	struct completion drdy;
	struct completion idle;
};

/**
 * struct ads1299_watch - looks after the chip while it streams
 * @indio_dev: the device
 * @on: timer and work may run (protected by capture.lock)
 * @timer: looks at the edges
 * @work: recovers the chip
 * @trouble: why @work was queued (protected by capture.lock)
 * @complained: an error was reported, and nothing was well since then
 * @attempts: times something was done about DRDY that does not come, since all was well
 * @period_ns: nominal period of the edges
 * @looked_ns: when the timer looked last
 * @edges: capture.edges then
 * @ignored: capture.ignored when all was well the last time
 * @unsynced: lost[ADS1299_LOST_SYNC] then
 */
struct ads1299_watch {
	struct iio_dev *indio_dev;
	bool on;
	struct timer_list timer;
	struct work_struct work;
	unsigned int trouble;
	bool complained;
	unsigned int attempts;
	s64 period_ns;
	s64 looked_ns;
	u32 edges;
	u32 ignored;
	u64 unsynced;
};

/* Inputs of a channel that feed the bias amplifier, by bits */
#define ADS1299_SENSE_P		BIT(0)
#define ADS1299_SENSE_N		BIT(1)

/* What is wanted of a channel; ads1299_compute() makes registers of it */
struct ads1299_input {
	u8 gain;		/* CHnSET.GAIN */
	u8 mux;			/* CHnSET.MUX */
	u8 bias_sense;		/* ADS1299_SENSE_* */
	u8 srb2;		/* 1: the SRB2 pin takes the place of INnP */
};

/* What is wanted of all chips */
struct ads1299_settings {
	u8 dr;			/* CONFIG1.DR */
	u8 test;		/* CONFIG2.CAL_AMP and CAL_FREQ */
	u8 leadoff_current;	/* 0: off, otherwise LOFF.ILEAD_OFF + 1 */
	u8 leadoff_frequency;	/* LOFF.FLEAD_OFF */
	u8 leadoff_threshold;	/* LOFF.COMP_TH */
	u8 srb1;		/* 1: the SRB1 pin takes the place of all INnN */
	u8 bias_drive;		/* 1: the bias amplifier is on */
	u8 bias_electrode_sense;	/* 1: a current looks for its electrode */
	struct ads1299_input inputs[ADS1299_MAX_INPUTS];
};

/**
 * struct ads1299_select - what is behind a chip select: a chip, or a chain
 * @st: the device it belongs to
 * @spi: its SPI device
 * @index: number of it, from 0
 * @regs: what its registers have, as far as known
 * @unsure: ... which is not certain since a write failed
 * @gpio: its GPIO register
 * @msg: the RDATA message, prepared once
 * @xfer: its only transfer
 */
struct ads1299_select {
	struct ads1299_state *st;
	struct spi_device *spi;
	unsigned int index;
	u8 regs[ADS1299_NUM_REGS];
	bool unsure;
	u8 gpio;
	struct spi_message msg;
	struct spi_transfer xfer;
};

/* What RDATA gets from a chip select: a byte, then the frame of each chip */
struct ads1299_frames {
	u8 bytes[ADS1299_FRAMES_BYTES];
} __aligned(IIO_DMA_MINALIGN);

struct ads1299_state {
	struct spi_device *spi;		/* of the first chip select */
	struct ads1299_select selects[ADS1299_MAX_SELECTS];
	unsigned int num_selects;
	unsigned int chain;		/* chips behind each of them */
	const struct ads1299_chip_info *info;
	unsigned int num_chips;
	unsigned int num_channels;	/* of all chips */

	struct gpio_desc *reset_gpio;
	struct gpio_desc *powerdown_gpio;
	struct gpio_desc *start_gpio;
	struct regulator_bulk_data supplies[2];
	struct regulator *vref;
	struct clk *clk;
	bool powered;
	bool asleep;			/* in standby */
	bool internal_ref;
	bool clock_output;		/* the CLK pin is an output, for others */
	bool bias_external_reference;
	unsigned long fclk_hz;
	unsigned int vref_uv;
	int rates_hz[ADS1299_NUM_RATES];
	/* By gain code, for IIO_VAL_FRACTIONAL_LOG2 */
	int scales[ADS1299_NUM_GAINS][2];
	const char *labels[ADS1299_MAX_SCAN_CHANNELS];

	struct ads1299_settings settings;
	/* Channels in the scan; the others are powered down while the buffer is enabled */
	DECLARE_BITMAP(powered_channels, ADS1299_MAX_SCAN_CHANNELS);
	/* When it was last looked for the bias electrode was there (1), was not (0), or an error */
	int bias_electrode;

	/* Lead-off bits of all status words that mean something now */
	u32 leadoff_status_mask;
	/* ... and those that were set in the last ones, by chip */
	u32 electrodes_off[ADS1299_MAX_CHIPS];
	bool any_electrode_off;
	/* Channels whose lost electrodes are events */
	DECLARE_BITMAP(openwire_events, ADS1299_MAX_SCAN_CHANNELS);
	struct gpio_chip gpio;
	/* CS low after the last bit, tSCCS; also the decode time of a command */
	struct spi_delay decode_delay;
	struct ads1299_capture capture;
	struct ads1299_watch watch;

	/* Protects tx, rx and the registers, and with them the order of commands on the bus */
	struct mutex lock;
	u8 tx[ADS1299_MAX_REG_BYTES] __aligned(IIO_DMA_MINALIGN);
	u8 rx[ADS1299_MAX_REG_BYTES];
	u8 rdata_tx[ADS1299_FRAMES_BYTES] __aligned(IIO_DMA_MINALIGN);
	/* Owned by direct mode, or by the read under way: see capture.busy */
	struct ads1299_frames frames[ADS1299_MAX_SELECTS];
	/* A copy, see capture.held */
	struct ads1299_frames held[ADS1299_MAX_SELECTS];
};

/* A channel of the scan has the settings of that one: of a chain all chips are set alike */
static inline struct ads1299_input *ads1299_input_of(struct ads1299_state *st,
						     unsigned int channel)
{
	unsigned int n = st->info->num_channels;

	return &st->settings.inputs[channel / (n * st->chain) * n + channel % n];
}

/* Bits of the status word that mean something: lead-off of the inputs that have a current */
static inline u32 ads1299_leadoff_mask(const struct ads1299_select *select)
{
	return FIELD_PREP(ADS1299_STATUS_LOFF_P_MASK, select->regs[ADS1299_REG_LOFF_SENSP]) |
	       FIELD_PREP(ADS1299_STATUS_LOFF_N_MASK, select->regs[ADS1299_REG_LOFF_SENSN]);
}

/* ads1299-core.c */
int ads1299_reprogram(struct ads1299_state *st);
int ads1299_power_cycle(struct ads1299_state *st);
int ads1299_wake(struct ads1299_state *st);
void ads1299_rest(struct ads1299_state *st);
int ads1299_claim(struct iio_dev *indio_dev);
void ads1299_release(struct iio_dev *indio_dev);
unsigned int ads1299_clocks_to_us(const struct ads1299_state *st, unsigned int clocks);

/* ads1299-registers.c */
int ads1299_command(struct ads1299_state *st, struct ads1299_select *select, u8 opcode);
int ads1299_command_all(struct ads1299_state *st, u8 opcode);
int ads1299_reg_read(struct ads1299_state *st, struct ads1299_select *select, unsigned int reg,
		     unsigned int *val);
int ads1299_reg_write(struct ads1299_state *st, struct ads1299_select *select, unsigned int reg,
		      unsigned int val);
int ads1299_update_gpio(struct ads1299_state *st, struct ads1299_select *select, u8 mask, u8 value);
void ads1299_standby(struct ads1299_state *st);
int ads1299_apply(struct ads1299_state *st);
void ads1299_forget_registers(struct ads1299_state *st);
int ads1299_regs_intact(struct ads1299_state *st, bool complain);
int ads1299_debugfs_reg_access(struct iio_dev *indio_dev, unsigned int reg,
			       unsigned int writeval, unsigned int *readval);

/* ads1299-channels.c */
void ads1299_init_tables(struct ads1299_state *st);
int ads1299_init_channels(struct iio_dev *indio_dev);

/* ads1299-grid.c */
void ads1299_grid_init(struct ads1299_grid *grid, unsigned int dr, unsigned long fclk_hz);
u32 ads1299_grid_check(struct ads1299_grid *grid, u32 edge, s64 now_ns);
bool ads1299_grid_extra(const struct ads1299_grid *grid, u32 edge, s64 now_ns);
u32 ads1299_grid_finish(struct ads1299_grid *grid, u32 edges, s64 end_ns);

/* ads1299-capture.c */
int ads1299_capture_init(struct iio_dev *indio_dev);
int ads1299_capture_begin(struct iio_dev *indio_dev, bool gap);
int ads1299_capture_end(struct iio_dev *indio_dev, enum ads1299_capture_state after);
int ads1299_capture_resume(struct iio_dev *indio_dev);
int ads1299_capture_stop(struct iio_dev *indio_dev);
int ads1299_convert_once(struct iio_dev *indio_dev, unsigned int channel, int *ret_code);
int ads1299_find_speed(struct iio_dev *indio_dev);
ssize_t ads1299_lost_show(struct device *dev, struct device_attribute *attr, char *buf);
ssize_t ads1299_recoveries_show(struct device *dev, struct device_attribute *attr, char *buf);

/* ads1299-watch.c */
void ads1299_watch_init(struct iio_dev *indio_dev);
void ads1299_watch_start(struct ads1299_state *st);
void ads1299_watch_stop(struct ads1299_state *st);

/* ads1299-leadoff.c */
void ads1299_leadoff_flag(struct iio_dev *indio_dev, const u8 *frames);
int ads1299_read_event_config(struct iio_dev *indio_dev, const struct iio_chan_spec *chan,
			      enum iio_event_type type, enum iio_event_direction dir);
int ads1299_write_event_config(struct iio_dev *indio_dev, const struct iio_chan_spec *chan,
			       enum iio_event_type type, enum iio_event_direction dir,
			       ads1299_event_state state);

/* ads1299-gpio.c */
int ads1299_gpio_init(struct iio_dev *indio_dev);

#endif

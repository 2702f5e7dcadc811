// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/ads1299-simK: what the chips are doing, for tests.
 */

#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>

#include "sim.h"

/* A line for each register: its address, then its value in each chip of a chain */
static int registers_show(struct seq_file *seq, void *unused)
{
	struct sim *sim = seq->private;
	u8 values[SIM_MAX_DAISY];
	unsigned long flags;
	unsigned int reg, i;

	for (reg = 0; reg < sim->chips[0].part->num_regs; reg++) {
		raw_spin_lock_irqsave(&sim->lock, flags);
		for (i = 0; i < sim->num_chips; i++)
			values[i] = ads_chip_read_reg(&sim->chips[i], reg);
		raw_spin_unlock_irqrestore(&sim->lock, flags);

		seq_printf(seq, "%02x: %*ph\n", reg, sim->num_chips, values);
	}

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
	stats = sim->chips[0].stats;
	raw_spin_unlock_irqrestore(&sim->lock, flags);

	seq_printf(seq, "conversions %llu\n", stats.conversions);
	seq_printf(seq, "frames_read %llu\n", stats.frames_read);
	seq_printf(seq, "frames_torn %llu\n", stats.frames_torn);
	seq_printf(seq, "resets %llu\n", stats.resets);
	seq_printf(seq, "power_ups %llu\n", stats.power_ups);
	seq_printf(seq, "drdy_edges %llu\n", counters.drdy_edges);
	seq_printf(seq, "drdy_masked %llu\n", counters.drdy_masked);
	seq_printf(seq, "drdy_missing %llu\n", counters.drdy_missing);
	seq_printf(seq, "drdy_extra %llu\n", counters.drdy_extra);
	seq_printf(seq, "spi_failed %llu\n", counters.spi_failed);
	seq_printf(seq, "spi_delayed %llu\n", counters.spi_delayed);
	seq_printf(seq, "flipped %llu\n", counters.flipped);
	seq_printf(seq, "decode_violations %llu\n", counters.decode_violations);
	seq_printf(seq, "too_soon %llu\n", counters.too_soon);
	seq_printf(seq, "late_conversions %llu\n", counters.late_conversions);
	seq_printf(seq, "postponed %llu\n", counters.postponed);

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(counters);

static void sim_remove_debugfs(void *data)
{
	debugfs_remove_recursive(data);
}

int sim_add_debugfs(struct sim *sim)
{
	struct dentry *dir = debugfs_create_dir(sim->name, NULL);

	debugfs_create_file("registers", 0400, dir, sim, &registers_fops);
	debugfs_create_file("counters", 0400, dir, sim, &counters_fops);
	sim_add_fault_files(sim, dir);
	sim_add_board_files(sim, dir);

	return devm_add_action_or_reset(sim->hat->dev, sim_remove_debugfs, dir);
}

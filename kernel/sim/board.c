// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/ads1299-simK/board: electrodes, supplies, temperature and
 * whatever else is around the chips. See README.
 */

#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/limits.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "sim.h"

/*
 * A member of struct ads_chip_board, or of struct sim where @of_sim is set: an
 * s32, or an u8 for bits. A file of bits has those of the first chip of a chain
 * lowest, @bits of each, 0: one for each channel; other values hold for all.
 */
struct sim_board_file {
	const char *name;
	size_t offset;
	bool of_sim;
	bool is_bits;
	u8 bits;
	s32 min;
	s32 max;
	void (*changed)(struct sim *sim);
};

#define SIM_BOARD_BITS(_name, _bits)							\
	{ #_name, offsetof(struct ads_chip_board, _name), .is_bits = true, .bits = (_bits) }
#define SIM_BOARD_VALUE(_name, _min, _max)						\
	{ #_name, offsetof(struct ads_chip_board, _name), .min = (_min), .max = (_max) }

static void sim_start_pin_changed(struct sim *sim)
{
	unsigned int i;

	for (i = 0; i < sim->num_chips; i++)
		ads_chip_set_start_pin(&sim->chips[i], sim->start_pin);
	sim_follow_chip(sim);
}

static const struct sim_board_file sim_board_files[] = {
	SIM_BOARD_BITS(p_off, 0),
	SIM_BOARD_BITS(n_off, 0),
	SIM_BOARD_BITS(bias_off, 1),
	SIM_BOARD_BITS(gpio_pins, 4),
	SIM_BOARD_VALUE(temperature_mc, -40000, 125000),
	SIM_BOARD_VALUE(avdd_uv, 0, 5500000),
	SIM_BOARD_VALUE(avss_uv, -3000000, 0),
	SIM_BOARD_VALUE(dvdd_uv, 0, 3900000),
	SIM_BOARD_VALUE(external_vref_uv, 0, 5500000),
	SIM_BOARD_VALUE(bias_nv, S32_MIN, S32_MAX),
	SIM_BOARD_VALUE(srb1_nv, S32_MIN, S32_MAX),
	SIM_BOARD_VALUE(srb2_nv, S32_MIN, S32_MAX),
	SIM_BOARD_VALUE(electrode_ohm, 0, S32_MAX),
	{ "frame_unit_nv", offsetof(struct sim, frame_unit_nv), .of_sim = true, .min = 1,
	  .max = 1000 },
	{ "start_pin", offsetof(struct sim, start_pin), .of_sim = true, .is_bits = true,
	  .bits = 1, .changed = sim_start_pin_changed },
};

static void *sim_board_member(struct sim *sim, const struct sim_board_file *item, unsigned int chip)
{
	return item->of_sim ? (void *)sim + item->offset :
			      (void *)&sim->chips[chip].board + item->offset;
}

static s64 sim_board_get(struct sim *sim, const struct sim_board_file *item)
{
	unsigned int bits = item->bits ?: sim->chips[0].part->channels;
	unsigned int n = item->of_sim ? 1 : sim->num_chips, i;
	s64 value = 0;

	lockdep_assert_held(&sim->lock);

	if (!item->is_bits)
		return *(s32 *)sim_board_member(sim, item, 0);

	for (i = 0; i < n; i++)
		value |= (s64)*(u8 *)sim_board_member(sim, item, i) << (i * bits);

	return value;
}

static int sim_board_set(struct sim *sim, const struct sim_board_file *item, s64 value)
{
	unsigned int bits = item->bits ?: sim->chips[0].part->channels;
	unsigned int n = item->of_sim ? 1 : sim->num_chips, i;

	lockdep_assert_held(&sim->lock);

	if (item->is_bits ? value < 0 || value >> (bits * n) :
			    value < item->min || value > item->max)
		return -EINVAL;

	for (i = 0; i < n; i++) {
		if (item->is_bits)
			*(u8 *)sim_board_member(sim, item, i) =
				(value >> (i * bits)) & ((1u << bits) - 1);
		else
			*(s32 *)sim_board_member(sim, item, i) = value;
	}

	if (item->changed)
		item->changed(sim);

	return 0;
}

static const struct sim_board_file *sim_board_of_file(struct file *file)
{
	const char *name = file_dentry(file)->d_name.name;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sim_board_files); i++)
		if (!strcmp(name, sim_board_files[i].name))
			return &sim_board_files[i];

	return NULL;
}

static ssize_t sim_board_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	const struct sim_board_file *item = sim_board_of_file(file);
	struct sim *sim = file->private_data;
	unsigned long flags;
	char text[24];
	s64 value;
	int len;

	if (!item)
		return -EINVAL;

	raw_spin_lock_irqsave(&sim->lock, flags);
	value = sim_board_get(sim, item);
	raw_spin_unlock_irqrestore(&sim->lock, flags);

	len = scnprintf(text, sizeof(text), item->is_bits ? "0x%llx\n" : "%lld\n", value);

	return simple_read_from_buffer(buf, count, pos, text, len);
}

static ssize_t sim_board_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	const struct sim_board_file *item = sim_board_of_file(file);
	struct sim *sim = file->private_data;
	unsigned long flags;
	s64 value;
	int ret;

	if (!item)
		return -EINVAL;

	ret = kstrtos64_from_user(buf, count, 0, &value);
	if (ret)
		return ret;

	raw_spin_lock_irqsave(&sim->lock, flags);
	ret = sim_board_set(sim, item, value);
	raw_spin_unlock_irqrestore(&sim->lock, flags);

	return ret ?: count;
}

static const struct file_operations sim_board_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = sim_board_read,
	.write = sim_board_write,
};

void sim_add_board_files(struct sim *sim, struct dentry *parent)
{
	struct dentry *dir = debugfs_create_dir("board", parent);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sim_board_files); i++)
		debugfs_create_file(sim_board_files[i].name, 0600, dir, sim, &sim_board_fops);
}

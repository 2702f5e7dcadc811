// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/ads1299-simK/board: electrodes, supplies, temperature and
 * whatever else is around the chips. See README.
 */

#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "sim.h"

/*
 * A member of struct ads_chip_board: an s32, or an u8 for bits. A file of bits
 * has those of the first chip of a chain lowest; other values hold for all.
 */
struct sim_board_file {
	const char *name;
	size_t offset;
	bool is_bits;
	s32 min;
	s32 max;
};

#define SIM_BOARD_BITS(_name)	{ #_name, offsetof(struct ads_chip_board, _name), .is_bits = true }
#define SIM_BOARD_VALUE(_name, _min, _max)						\
	{ #_name, offsetof(struct ads_chip_board, _name), .min = (_min), .max = (_max) }

static const struct sim_board_file sim_board_files[] = {
	SIM_BOARD_BITS(p_off),
	SIM_BOARD_BITS(n_off),
	SIM_BOARD_BITS(bias_off),
	SIM_BOARD_BITS(gpio_pins),
	SIM_BOARD_VALUE(temperature_mc, -40000, 125000),
	SIM_BOARD_VALUE(avdd_uv, 0, 5500000),
	SIM_BOARD_VALUE(avss_uv, -3000000, 0),
	SIM_BOARD_VALUE(dvdd_uv, 0, 3900000),
	SIM_BOARD_VALUE(external_vref_uv, 0, 5500000),
	SIM_BOARD_VALUE(bias_nv, -2000000000, 2000000000),
};

/* How many bits of a file belong to each chip */
static unsigned int sim_board_bits(const struct sim *sim, const struct sim_board_file *item)
{
	if (item->offset == offsetof(struct ads_chip_board, bias_off))
		return 1;
	if (item->offset == offsetof(struct ads_chip_board, gpio_pins))
		return 4;

	return sim->chips[0].part->channels;
}

static s64 sim_board_get(struct sim *sim, const struct sim_board_file *item)
{
	unsigned int bits = sim_board_bits(sim, item), i;
	s64 value = 0;

	lockdep_assert_held(&sim->lock);

	if (!item->is_bits)
		return *(s32 *)((void *)&sim->chips[0].board + item->offset);

	for (i = 0; i < sim->num_chips; i++)
		value |= (s64)*((u8 *)&sim->chips[i].board + item->offset) << (i * bits);

	return value;
}

static int sim_board_set(struct sim *sim, const struct sim_board_file *item, s64 value)
{
	unsigned int bits = sim_board_bits(sim, item), i;

	lockdep_assert_held(&sim->lock);

	if (item->is_bits ? value < 0 || value >> (bits * sim->num_chips) :
			    value < item->min || value > item->max)
		return -EINVAL;

	for (i = 0; i < sim->num_chips; i++) {
		void *at = (void *)&sim->chips[i].board + item->offset;

		if (item->is_bits)
			*(u8 *)at = (value >> (i * bits)) & ((1u << bits) - 1);
		else
			*(s32 *)at = value;
	}

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

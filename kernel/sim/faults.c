// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/ads1299-simK/faults: what is to go wrong, for tests of how
 * a driver takes it. See README.
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

#define SIM_FAULT_MAX_ARGS	3
#define SIM_FAULT_MAX_TEXT	64

/* A disturbance of the line comes soon after what causes it, well within a period */
#define SIM_EXTRA_US		20

/*
 * @set is called with @sim->lock held, and @args beyond those written are 0.
 * It returns 0 or -EINVAL.
 */
struct sim_fault_file {
	const char *name;
	unsigned int min_args;
	unsigned int max_args;
	int (*set)(struct sim *sim, const u32 *args, unsigned int num_args);
};

/* @nth from now, 1 is the next one, 0 none any more; @count of them, by default one */
static int sim_arm(struct sim_fault *fault, u32 nth, u32 count, bool counted, u32 arg)
{
	if (nth && counted && !count)
		return -EINVAL;

	fault->skip = nth ? nth - 1 : 0;
	fault->arg = arg;
	if (!nth)
		count = 0;
	else if (!counted)
		count = 1;
	WRITE_ONCE(fault->left, count);	/* looked at without the lock */

	return 0;
}

static int sim_set_spi_fail(struct sim *sim, const u32 *args, unsigned int num_args)
{
	return sim_arm(&sim->faults.spi_fail, args[0], args[1], num_args > 1, 0);
}

static int sim_set_spi_delay(struct sim *sim, const u32 *args, unsigned int num_args)
{
	if (args[0] && num_args < 2)
		return -EINVAL;

	return sim_arm(&sim->faults.spi_delay, args[0], args[2], num_args > 2, args[1]);
}

static int sim_set_flip(struct sim *sim, const u32 *args, unsigned int num_args)
{
	u32 bits = ads_chip_frame_bytes(&sim->chips[0]) * 8 * sim->num_chips;

	if (args[0] && (num_args < 2 || args[1] >= bits))
		return -EINVAL;

	sim->faults.flipping = false;

	return sim_arm(&sim->faults.flip, args[0], args[2], num_args > 2, args[1]);
}

static int sim_set_drdy_missing(struct sim *sim, const u32 *args, unsigned int num_args)
{
	return sim_arm(&sim->faults.drdy_missing, args[0], args[1], num_args > 1, 0);
}

static int sim_set_drdy_extra(struct sim *sim, const u32 *args, unsigned int num_args)
{
	return sim_arm(&sim->faults.drdy_extra, args[0], args[1], num_args > 1,
		       num_args > 2 ? args[2] : SIM_EXTRA_US);
}

static int sim_set_drdy_stuck(struct sim *sim, const u32 *args, unsigned int num_args)
{
	const struct ads_chip_stats *stats = &sim->chips[0].stats;

	if (args[0] >= SIM_NUM_STUCK)
		return -EINVAL;

	sim->faults.drdy_stuck = args[0];
	sim->faults.stuck_since = args[0] == SIM_STUCK_UNTIL_RESET ? stats->resets :
								      stats->power_ups;

	return 0;
}

static int sim_set_id(struct sim *sim, const u32 *args, unsigned int num_args)
{
	unsigned int i;

	if (args[0] > U8_MAX)
		return -EINVAL;

	for (i = 0; i < sim->num_chips; i++)
		sim->chips[i].wrong_id = args[0];

	return 0;
}

static int sim_set_reset(struct sim *sim, const u32 *args, unsigned int num_args)
{
	unsigned int i;

	if (args[0] > 1)
		return -EINVAL;

	for (i = 0; args[0] && i < sim->num_chips; i++) {
		ads_chip_reset(&sim->chips[i]);
		sim->chips[i].busy_clocks = 0;	/* nobody could know that it was */
	}
	sim_follow_chip(sim);

	return 0;
}

/* Register 0, the ID, is none that is written: no register any more */
static int sim_set_stuck_register(struct sim *sim, const u32 *args, unsigned int num_args)
{
	unsigned int i;

	if (args[0] >= sim->chips[0].part->num_regs || args[1] > U8_MAX)
		return -EINVAL;

	for (i = 0; i < sim->num_chips; i++) {
		sim->chips[i].stuck_reg = args[0];
		sim->chips[i].stuck_value = args[1];
	}

	return 0;
}

/* The third one chooses a chip of a chain, the first of which is 0 */
static int sim_set_register(struct sim *sim, const u32 *args, unsigned int num_args)
{
	if (args[0] >= sim->chips[0].part->num_regs || args[1] > U8_MAX ||
	    args[2] >= sim->num_chips)
		return -EINVAL;

	ads_chip_upset_reg(&sim->chips[args[2]], args[0], args[1]);
	sim_follow_chip(sim);

	return 0;
}

static const struct sim_fault_file sim_fault_files[] = {
	{ "spi_fail", 1, 2, sim_set_spi_fail },
	{ "spi_delay", 1, 3, sim_set_spi_delay },
	{ "flip", 1, 3, sim_set_flip },
	{ "drdy_missing", 1, 2, sim_set_drdy_missing },
	{ "drdy_extra", 1, 3, sim_set_drdy_extra },
	{ "drdy_stuck", 1, 1, sim_set_drdy_stuck },
	{ "id", 1, 1, sim_set_id },
	{ "reset", 1, 1, sim_set_reset },
	{ "register", 2, 3, sim_set_register },
	{ "stuck_register", 2, 2, sim_set_stuck_register },
};

/* Numbers with spaces between them. Returns how many, or an error */
static int sim_parse_args(char *text, u32 *args)
{
	unsigned int n = 0;
	char *word;
	int ret;

	while ((word = strsep(&text, " \t\n"))) {
		if (!*word)
			continue;
		if (n == SIM_FAULT_MAX_ARGS)
			return -EINVAL;
		ret = kstrtou32(word, 0, &args[n++]);
		if (ret)
			return ret;
	}

	return n;
}

static const struct sim_fault_file *sim_fault_of_file(struct file *file)
{
	const char *name = file_dentry(file)->d_name.name;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sim_fault_files); i++)
		if (!strcmp(name, sim_fault_files[i].name))
			return &sim_fault_files[i];

	return NULL;
}

static ssize_t sim_fault_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	const struct sim_fault_file *fault = sim_fault_of_file(file);
	struct sim *sim = file->private_data;
	u32 args[SIM_FAULT_MAX_ARGS] = { };
	char text[SIM_FAULT_MAX_TEXT];
	unsigned long flags;
	int ret;

	if (!fault || count >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, buf, count))
		return -EFAULT;
	text[count] = '\0';

	ret = sim_parse_args(text, args);
	if (ret < 0)
		return ret;
	if (ret < fault->min_args || ret > fault->max_args)
		return -EINVAL;

	raw_spin_lock_irqsave(&sim->lock, flags);
	ret = fault->set(sim, args, ret);
	raw_spin_unlock_irqrestore(&sim->lock, flags);

	return ret ?: count;
}

static const struct file_operations sim_fault_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = sim_fault_write,
};

void sim_add_fault_files(struct sim *sim, struct dentry *parent)
{
	struct dentry *dir = debugfs_create_dir("faults", parent);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sim_fault_files); i++)
		debugfs_create_file(sim_fault_files[i].name, 0200, dir, sim, &sim_fault_fops);
}

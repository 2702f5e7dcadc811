// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/ads1299-simK: where a program writes the voltages at the electrodes.
 */

#include <linux/device.h>
#include <linux/fs.h>
#include <linux/irq_work.h>
#include <linux/minmax.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/spinlock.h>
#include <linux/sysfs.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "sim.h"

static u64 sim_queued(struct sim *sim)
{
	unsigned long flags;
	u64 queued;

	raw_spin_lock_irqsave(&sim->lock, flags);
	queued = sim->head - sim->tail;
	raw_spin_unlock_irqrestore(&sim->lock, flags);

	return queued;
}

static void sim_wake_work(struct irq_work *work)
{
	struct sim *sim = container_of(work, struct sim, wake);

	wake_up_interruptible(&sim->wait);
}

static struct sim *sim_of_file(struct file *file)
{
	return container_of(file->private_data, struct sim, misc);
}

static int sim_open(struct inode *inode, struct file *file)
{
	struct sim *sim = sim_of_file(file);
	unsigned long flags;
	int ret = 0;

	if (!(file->f_mode & FMODE_WRITE))
		return -EINVAL;

	raw_spin_lock_irqsave(&sim->lock, flags);
	if (sim->writing) {
		ret = -EBUSY;
	} else {
		sim->writing = true;
		sim->first = sim->head;
		sim->frame = -1;
		sim->frame_time_ns = 0;
		sim->underruns = 0;
	}
	raw_spin_unlock_irqrestore(&sim->lock, flags);

	return ret ?: stream_open(inode, file);
}

static int sim_release(struct inode *inode, struct file *file)
{
	struct sim *sim = sim_of_file(file);
	unsigned long flags;

	raw_spin_lock_irqsave(&sim->lock, flags);
	sim->writing = false;
	raw_spin_unlock_irqrestore(&sim->lock, flags);

	return 0;
}

/*
 * Queue up to @frames, as many as there is space for without wrapping round.
 * The copy needs no lock: the timer does not look beyond @head.
 */
static int sim_queue_frames(struct sim *sim, const char __user *buf, size_t frames)
{
	unsigned int n = sim->num_channels;
	size_t space = SIM_QUEUE_FRAMES - sim_queued(sim);
	size_t at = sim->head % SIM_QUEUE_FRAMES;	/* changed by this function only */
	unsigned long flags;

	frames = min3(frames, space, SIM_QUEUE_FRAMES - at);
	if (copy_from_user(&sim->queue[at * n], buf, frames * n * sizeof(s32)))
		return -EFAULT;

	raw_spin_lock_irqsave(&sim->lock, flags);
	sim->head += frames;
	raw_spin_unlock_irqrestore(&sim->lock, flags);

	return frames;
}

static int sim_wait_for_space(struct sim *sim, bool nonblock)
{
	if (sim_queued(sim) < SIM_QUEUE_FRAMES)
		return 0;
	if (nonblock)
		return -EAGAIN;

	return wait_event_interruptible(sim->wait, sim_queued(sim) < SIM_QUEUE_FRAMES);
}

static ssize_t sim_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct sim *sim = sim_of_file(file);
	size_t frame_size = sim->num_channels * sizeof(s32);
	bool nonblock = file->f_flags & O_NONBLOCK;
	size_t done = 0;
	int ret = 0;

	if (count % frame_size)
		return -EINVAL;

	if (nonblock) {
		if (!mutex_trylock(&sim->write_lock))
			return -EAGAIN;
	} else if (mutex_lock_interruptible(&sim->write_lock)) {
		return -ERESTARTSYS;
	}

	while (done < count) {
		ret = sim_wait_for_space(sim, nonblock);
		if (ret)
			break;
		ret = sim_queue_frames(sim, buf + done, (count - done) / frame_size);
		if (ret < 0)
			break;
		done += ret * frame_size;
	}
	mutex_unlock(&sim->write_lock);

	return done ?: ret;
}

static __poll_t sim_poll(struct file *file, poll_table *table)
{
	struct sim *sim = sim_of_file(file);

	poll_wait(file, &sim->wait, table);

	return sim_queued(sim) < SIM_QUEUE_FRAMES ? EPOLLOUT | EPOLLWRNORM : 0;
}

static int sim_fsync(struct file *file, loff_t start, loff_t end, int datasync)
{
	struct sim *sim = sim_of_file(file);

	return wait_event_interruptible(sim->wait, !sim_queued(sim));
}

static const struct file_operations sim_fops = {
	.owner = THIS_MODULE,
	.open = sim_open,
	.release = sim_release,
	.write = sim_write,
	.poll = sim_poll,
	.fsync = sim_fsync,
};

static struct sim *sim_of_misc(struct device *dev)
{
	return container_of(dev_get_drvdata(dev), struct sim, misc);
}

static ssize_t channels_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", sim_of_misc(dev)->num_channels);
}
static DEVICE_ATTR_RO(channels);

static ssize_t sampling_frequency_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct sim *sim = sim_of_misc(dev);
	unsigned long flags;
	u32 hz;

	raw_spin_lock_irqsave(&sim->lock, flags);
	hz = ads_chip_converting(&sim->chips[0]) ? ads_chip_rate_hz(&sim->chips[0]) : 0;
	raw_spin_unlock_irqrestore(&sim->lock, flags);

	return sysfs_emit(buf, "%u\n", hz);
}
static DEVICE_ATTR_RO(sampling_frequency);

static ssize_t frame_clock_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct sim *sim = sim_of_misc(dev);
	unsigned long flags;
	u64 time_ns;
	s64 frame;

	raw_spin_lock_irqsave(&sim->lock, flags);
	frame = sim->frame;
	time_ns = sim->frame_time_ns;
	raw_spin_unlock_irqrestore(&sim->lock, flags);

	return sysfs_emit(buf, "%lld %llu\n", frame, time_ns);
}
static DEVICE_ATTR_RO(frame_clock);

static ssize_t frames_underrun_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct sim *sim = sim_of_misc(dev);
	unsigned long flags;
	u64 underruns;

	raw_spin_lock_irqsave(&sim->lock, flags);
	underruns = sim->underruns;
	raw_spin_unlock_irqrestore(&sim->lock, flags);

	return sysfs_emit(buf, "%llu\n", underruns);
}
static DEVICE_ATTR_RO(frames_underrun);

static struct attribute *sim_attrs[] = {
	&dev_attr_channels.attr,
	&dev_attr_sampling_frequency.attr,
	&dev_attr_frame_clock.attr,
	&dev_attr_frames_underrun.attr,
	NULL
};
ATTRIBUTE_GROUPS(sim);

void sim_init_queue(struct sim *sim)
{
	sim->frame = -1;
	mutex_init(&sim->write_lock);
	init_waitqueue_head(&sim->wait);
	init_irq_work(&sim->wake, sim_wake_work);
}

static void sim_remove_misc(void *data)
{
	struct sim *sim = data;

	misc_deregister(&sim->misc);
}

int sim_add_misc(struct sim *sim)
{
	int ret;

	sim->misc.minor = MISC_DYNAMIC_MINOR;
	sim->misc.name = sim->name;
	sim->misc.mode = 0600;
	sim->misc.fops = &sim_fops;
	sim->misc.groups = sim_groups;
	sim->misc.parent = sim->hat->dev;

	ret = misc_register(&sim->misc);
	if (ret)
		return ret;

	return devm_add_action_or_reset(sim->hat->dev, sim_remove_misc, sim);
}

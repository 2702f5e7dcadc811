/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between kernel versions: the only file that looks at
 * LINUX_VERSION_CODE.
 */
#ifndef ADS1299_COMPAT_H
#define ADS1299_COMPAT_H

#include <linux/version.h>

/* --- simulated hat -------------------------------------------------------- */

#include <linux/hrtimer.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*function)(struct hrtimer *),
				 clockid_t clock_id, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock_id, mode);
	timer->function = function;
}
#endif

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Comes before ti-ads1298.c: what it uses of Linux 6.12 and an older kernel has not, the file itself unchanged */
#include "../../../../kernel/compat.h"

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#define iio_for_each_active_channel(indio_dev, chan) \
	for_each_set_bit((chan), (indio_dev)->active_scan_mask, (indio_dev)->masklength)
#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Where it was before Linux 6.12. Found only where the kernel has none: its folders come first. */
#include <asm/unaligned.h>

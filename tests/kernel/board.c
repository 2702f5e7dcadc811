// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the firmware of a machine would say and user-mode Linux has none to say
 * it: that all supplies there are have been described. Those that the hat does
 * not name are then dummies, as on a PC.
 */

#include <linux/module.h>
#include <linux/regulator/machine.h>

static int __init board_init(void)
{
	regulator_has_full_constraints();
	return 0;
}
module_init(board_init);

MODULE_DESCRIPTION("The machine under the simulated hat");
MODULE_LICENSE("GPL");

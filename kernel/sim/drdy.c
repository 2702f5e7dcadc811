// SPDX-License-Identifier: GPL-2.0-only
/*
 * The DRDY lines of the simulated hat, as an interrupt controller of its own:
 * stock distribution kernels have no simulated one.
 */

#include <linux/device.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/irqdomain.h>
#include <linux/ktime.h>
#include <linux/moduleparam.h>
#include <linux/property.h>

#include "../compat.h"
#include "sim.h"

/**
 * sim_raise_irq() - an edge at DRDY
 * @sim: the chip select
 *
 * Context: hard interrupt, @sim->lock not held.
 */
void sim_raise_irq(struct sim *sim)
{
	generic_handle_domain_irq(sim->hat->domain, sim->index);
}

static enum hrtimer_restart sim_retrigger_timer(struct hrtimer *timer)
{
	struct sim *sim = container_of(timer, struct sim, retrigger);

	if (!READ_ONCE(sim->irq_masked))
		sim_raise_irq(sim);

	return HRTIMER_NORESTART;
}

static void sim_irq_mask(struct irq_data *data)
{
	struct sim *sim = irq_data_get_irq_chip_data(data);

	WRITE_ONCE(sim->irq_masked, true);
}

static void sim_irq_unmask(struct irq_data *data)
{
	struct sim *sim = irq_data_get_irq_chip_data(data);

	WRITE_ONCE(sim->irq_masked, false);
}

/* Nothing is latched here, so nothing is to be cleared; but edge handling wants it */
static void sim_irq_ack(struct irq_data *data)
{
}

static bool level_irq;
module_param(level_irq, bool, 0444);
MODULE_PARM_DESC(level_irq, "the firmware says that DRDY interrupts as long as it is low, which is wrong (default N)");

static unsigned int sim_irq_type(void)
{
	return level_irq ? IRQ_TYPE_LEVEL_LOW : IRQ_TYPE_EDGE_FALLING;
}

static int sim_irq_set_type(struct irq_data *data, unsigned int type)
{
	return type == sim_irq_type() ? IRQ_SET_MASK_OK : -EINVAL;
}

/*
 * An edge that came while the interrupt was disabled is delivered when it is
 * enabled, as on real interrupt controllers. The core calls this with the
 * descriptor locked: the handler must run later, but at once. irq_work would
 * wait for the next tick on machines that cannot interrupt themselves.
 */
static int sim_irq_retrigger(struct irq_data *data)
{
	struct sim *sim = irq_data_get_irq_chip_data(data);

	hrtimer_start(&sim->retrigger, 0, HRTIMER_MODE_REL_PINNED_HARD);

	return 1;
}

static struct irq_chip sim_irq_chip = {
	.name = SIM_NAME,
	.irq_mask = sim_irq_mask,
	.irq_unmask = sim_irq_unmask,
	.irq_ack = sim_irq_ack,
	.irq_set_type = sim_irq_set_type,
	.irq_retrigger = sim_irq_retrigger,
};

static int sim_irq_map(struct irq_domain *domain, unsigned int irq, irq_hw_number_t hwirq)
{
	struct sim_hat *hat = domain->host_data;

	irq_set_chip_data(irq, hat->sims[hwirq]);
	irq_set_chip_and_handler(irq, &sim_irq_chip, handle_edge_irq);
	irq_set_noprobe(irq);

	return 0;
}

static const struct irq_domain_ops sim_irq_domain_ops = {
	.map = sim_irq_map,
	.xlate = irq_domain_xlate_twocell,
};

/**
 * sim_map_irq() - what the interrupts property of a device tree would say
 * @sim: the chip select
 *
 * Return: Linux number of its DRDY, 0 if there is none left.
 */
unsigned int sim_map_irq(struct sim *sim)
{
	unsigned int irq = irq_create_mapping(sim->hat->domain, sim->index);

	if (!irq || irq_set_irq_type(irq, sim_irq_type()))
		return 0;

	return irq;
}

void sim_init_drdy(struct sim *sim)
{
	sim->irq_masked = true;
	hrtimer_setup(&sim->retrigger, sim_retrigger_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_PINNED_HARD);
}

/* Nothing raises it any more, and nobody listens */
void sim_stop_drdy(struct sim *sim)
{
	hrtimer_cancel(&sim->retrigger);
}

static void sim_remove_irqs(void *data)
{
	struct sim_hat *hat = data;
	struct fwnode_handle *name = hat->domain->fwnode;
	unsigned int i, irq;

	for (i = 0; i < hat->num_sims; i++) {
		irq = irq_find_mapping(hat->domain, i);
		if (irq)
			irq_dispose_mapping(irq);
	}
	irq_domain_remove(hat->domain);
	if (!dev_fwnode(hat->dev))
		irq_domain_free_fwnode(name);
}

int sim_add_irqs(struct sim_hat *hat)
{
	struct fwnode_handle *name = dev_fwnode(hat->dev);

	if (!name)
		name = irq_domain_alloc_named_fwnode(SIM_NAME);
	if (!name)
		return -ENOMEM;

	hat->domain = irq_domain_create_linear(name, hat->num_sims, &sim_irq_domain_ops, hat);
	if (!hat->domain) {
		if (!dev_fwnode(hat->dev))
			irq_domain_free_fwnode(name);
		return -ENOMEM;
	}

	return devm_add_action_or_reset(hat->dev, sim_remove_irqs, hat);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The potential of one motor unit under a pair of surface electrodes.
 *
 * Line-source model: the transmembrane potential of Rosenfalck (1969) travels from the end-plate to
 * both tendons; each fibre is a line of current in an anisotropic half-space under air (conductivities
 * of Andreassen & Rosenfalck 1981). The generation of the two waves at the end-plate and their end at the
 * tendons come out of the integral by themselves.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define MUAP_RATE_HZ 16000.0            /* of the sampled potential; it has next to nothing above 1 kHz */
#define MUAP_SAMPLES 640u               /* 40 ms: the slowest wave has left the longest fibre */
#define MUAP_ELECTRODE_DISTANCE_MM 20

typedef struct MotorUnit {
        unsigned n_fibres;
        double depth_mm;        /* of the disc the fibres are spread in, below the skin */
        double radius_mm;       /* of that disc */
        double endplate_mm;     /* from the end-plates to the middle of the electrodes, along the fibres */
        double lateral_mm;      /* from the disc to the electrodes, across the fibres */
        double velocity_mps;    /* mean of the fibres; they spread by 0.3 m/s around it */
        uint64_t seed;          /* of the places and lengths of the fibres */
} MotorUnit;

/*
 * The bipolar potential in microvolts; sample 0 is the instant of excitation at the end-plates.
 * The same unit has the same fibres wherever the electrodes are.
 */
void muap_compute(const MotorUnit *unit, double ret_uv[static MUAP_SAMPLES]);

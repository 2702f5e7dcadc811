/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The signal generator against physics and itself: what the detector is measured with must be right. The
 * measurements here (Fourier sums, windowed-sinc band-pass) share nothing with the generator's own filters.
 */
#include <check.h>
#include <edflib.h>
#include <fcntl.h>
#include <libgen.h>
#include <math.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/synth/band.h"
#include "tests/synth/bdf.h"
#include "tests/synth/mains.h"
#include "tests/synth/noise.h"
#include "tests/synth/options.h"
#include "tests/synth/potential.h"
#include "tests/synth/process.h"
#include "tests/synth/sinc3.h"
#include "tests/synth/synth.h"
#include "tests/synth/track.h"
#include "tests/synth/truth.h"
#include "suite.h"
#include "util.h"

static char folder[] = "/tmp/test-synth-XXXXXX";
static const volatile sig_atomic_t go_on = 0;

static void setup(void) {
        strcpy(folder + strlen(folder) - 6, "XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void teardown(void) {
        static const char *const names[] = { "a.bdf", "a.edf", "truth.csv", "fifo" };
        char path[64];

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
                unlink(path);
        }
        ck_assert_int_eq(rmdir(folder), 0);
}

static const char* in_folder(const char *name) {
        static char path[4][64];
        static unsigned next;
        char *p = path[next++ % ELEMENTSOF(path)];

        snprintf(p, sizeof(path[0]), "%s/%s", folder, name);
        return p;
}

/* --- helpers -------------------------------------------------------------------- */

static Synth* must_make(const SynthConfig *c) {
        const char *error = NULL;
        Synth *s = NULL;

        int r = synth_new(c, &s, &error);
        ck_assert_msg(r == 0, "%s", error ?: strerror(-r));
        return s;
}

/* The whole signal, [frames][channels]; to be freed. */
static int32_t* render(const SynthConfig *c, size_t block, size_t *ret_values) {
        _cleanup_(synth_freep) Synth *s = must_make(c);
        size_t frames = synth_n_frames(s), done = 0, n;
        int32_t *nv = malloc(frames * c->n_channels * sizeof(*nv));

        ck_assert_ptr_nonnull(nv);
        while ((n = synth_read_nv(s, nv + done * c->n_channels, MIN(block, frames - done))) > 0)
                done += n;
        ck_assert_uint_eq(done, frames);
        *ret_values = frames * c->n_channels;
        return nv;
}

/* FNV-1a over the values, whatever the byte order. */
static uint64_t checksum(const int32_t *nv, size_t n) {
        uint64_t h = UINT64_C(14695981039346656037);

        for (size_t i = 0; i < n; i++)
                h = (h ^ (uint32_t) nv[i]) * UINT64_C(1099511628211);
        return h;
}

/* Mean power at a whole number of Hz over Hann-windowed seconds, as density per Hz. */
static double density_at(const double *x, unsigned rate, unsigned seconds, unsigned hz) {
        double sum = 0;

        for (unsigned s = 0; s < seconds; s++) {
                double re = 0, im = 0;

                for (unsigned i = 0; i < rate; i++) {
                        double window = 0.5 - 0.5 * cos(2 * M_PI * i / rate);
                        double angle = 2 * M_PI * ((uint64_t) hz * i % rate) / rate;

                        re += window * x[s * rate + i] * cos(angle);
                        im += window * x[s * rate + i] * sin(angle);
                }
                /* one-sided; the window's power is 3/8 */
                sum += 2 * (re * re + im * im) / (0.375 * rate * rate);
        }
        return sum / seconds;
}

/* Zero-phase band-pass, a windowed sinc of +-100 ms: one value, around sample at. */
static double band_value(const double *x, double rate, double low, double high, size_t at) {
        int reach = (int) (0.1 * rate);
        double sum = 0;

        for (int k = -reach; k <= reach; k++) {
                double t = k / rate, window = 0.5 + 0.5 * cos(M_PI * k / (reach + 1));
                double h = k == 0 ? 2 * (high - low)
                                  : (sin(2 * M_PI * high * t) - sin(2 * M_PI * low * t)) / (M_PI * t);

                sum += x[at + k] * h * window / rate;
        }
        return sum;
}

/* --- random numbers ---------------------------------------------------------------- */

START_TEST(normal_deviates_are_normal) {
        const unsigned n = 1000000;
        double moments[5] = {};
        unsigned beyond_3 = 0, beyond_4 = 0;
        Prng p;

        prng_init(&p, 1, PRNG_NOISE, 0);
        for (unsigned i = 0; i < n; i++) {
                double g = prng_normal(&p);

                for (unsigned k = 1; k < 5; k++)
                        moments[k] += pow(g, k) / n;
                beyond_3 += fabs(g) > 3;
                beyond_4 += fabs(g) > 4;
        }
        /* Five standard errors each. */
        ck_assert_double_lt(fabs(moments[1]), 5e-3);
        ck_assert_double_lt(fabs(moments[2] - 1), 7.1e-3);
        ck_assert_double_lt(fabs(moments[3]), 0.0194);
        ck_assert_double_lt(fabs(moments[4] - 3), 0.049);
        /* 0.0026998 and 0.00006334 of all */
        ck_assert_uint_ge(beyond_3, 2440);
        ck_assert_uint_le(beyond_3, 2960);
        ck_assert_uint_ge(beyond_4, 24);
        ck_assert_uint_le(beyond_4, 103);
}
END_TEST

START_TEST(streams_differ) {
        uint64_t seen[2 * 2 * 2];
        unsigned n = 0;

        for (unsigned seed = 1; seed <= 2; seed++)
                for (unsigned stream = 1; stream <= 2; stream++)
                        for (unsigned index = 1; index <= 2; index++) {
                                Prng p;

                                prng_init(&p, seed, stream, index);
                                seen[n] = prng_u64(&p);
                                for (unsigned k = 0; k < n; k++)
                                        ck_assert_uint_ne(seen[k], seen[n]);
                                n++;
                        }
}
END_TEST

/* --- potentials ------------------------------------------------------------------------ */

static double peak_to_peak(const double *x, size_t n) {
        double lo = 0, hi = 0;

        for (size_t i = 0; i < n; i++) {
                lo = fmin(lo, x[i]);
                hi = fmax(hi, x[i]);
        }
        return hi - lo;
}

/* Frequency that halves the energy. */
static double median_hz(const double *x, size_t n) {
        double power[1000], total = 0, sum = 0;
        unsigned f;

        for (f = 0; f < ELEMENTSOF(power); f++) {
                double re = 0, im = 0;

                for (size_t i = 0; i < n; i++) {
                        re += x[i] * cos(2 * M_PI * f * i / MUAP_RATE_HZ);
                        im += x[i] * sin(2 * M_PI * f * i / MUAP_RATE_HZ);
                }
                total += power[f] = re * re + im * im;
        }
        for (f = 0; sum < total / 2; f++)
                sum += power[f];
        return f;
}

/*
 * An independent simulation of the same model gave these (600 fibres, 20 mm between the electrodes; a
 * third of it for 200). Units differ by their fibres, so a fifth either way is agreement.
 */
START_TEST(potentials_are_as_large_and_as_fast_as_physics_says) {
        static const struct {
                double depth_mm, pp_uv, median_hz;
        } table[] = {
                { 5, 2900, 105 }, { 8, 721, 82 }, { 12, 215, 62 }, { 16, 79, 50 }, { 20, 40, 45 }, { 25, 21, 41 },
        };
        double last_pp = INFINITY, last_median = INFINITY;

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                MotorUnit u = {
                        .depth_mm = table[i].depth_mm,
                        .radius_mm = 4,
                        .endplate_mm = 30,
                        .velocity_mps = 4,
                };
                double small[MUAP_SAMPLES], large[MUAP_SAMPLES], pp_small = 0, pp = 0, median = 0;
                const unsigned n_units = 3;

                for (u.seed = 1; u.seed <= n_units; u.seed++) {
                        u.n_fibres = 200;
                        muap_compute(&u, small);
                        u.n_fibres = 600;
                        muap_compute(&u, large);
                        pp_small += peak_to_peak(small, MUAP_SAMPLES) / n_units;
                        pp += peak_to_peak(large, MUAP_SAMPLES) / n_units;
                        median += median_hz(large, MUAP_SAMPLES) / n_units;
                }
                ck_assert_msg(pp > table[i].pp_uv * 0.8 && pp < table[i].pp_uv * 1.2, "%g mm: %g uV", table[i].depth_mm, pp);
                ck_assert_msg(fabs(median / table[i].median_hz - 1) < 0.15, "%g mm: %g Hz", table[i].depth_mm, median);
                ck_assert_double_gt(pp / pp_small, 2);
                ck_assert_double_lt(pp / pp_small, 4);
                ck_assert_double_lt(pp, last_pp);
                ck_assert_double_lt(median, last_median);
                last_pp = pp;
                last_median = median;
        }
}
END_TEST

/* The potential travels: electrodes 20 mm further along see it later by distance over velocity. */
START_TEST(potentials_travel) {
        MotorUnit u = { .n_fibres = 300, .depth_mm = 8, .radius_mm = 4, .endplate_mm = 25, .velocity_mps = 4, .seed = 1 };
        Potential near, far;

        potential_compute(&u, 4000, &near);
        u.endplate_mm = 45;
        potential_compute(&u, 4000, &far);
        ck_assert_double_gt(far.peak_s - near.peak_s, 0.004);
        ck_assert_double_lt(far.peak_s - near.peak_s, 0.006);
}
END_TEST

START_TEST(potentials_end) {
        MotorUnit u = { .n_fibres = 100, .depth_mm = 10, .radius_mm = 4, .endplate_mm = 30, .velocity_mps = 3.7, .seed = 5 };
        double x[MUAP_SAMPLES];
        Potential p;

        muap_compute(&u, x);
        ck_assert_double_eq(x[MUAP_SAMPLES - 1], 0);
        for (unsigned rate = 250; rate <= 16000; rate *= 2) {
                potential_compute(&u, rate, &p);
                ck_assert_double_lt(fabs(p.uv[1]), 1e-3 * p.amplitude_uv);
                ck_assert_double_lt(fabs(p.uv[POTENTIAL_SAMPLES - 2]), 1e-3 * p.amplitude_uv);
        }
        ck_assert_double_eq(potential_at(&p, -1), 0);
        ck_assert_double_eq(potential_at(&p, 1), 0);
        ck_assert_double_eq_tol(potential_at(&p, 0.005), p.uv[(unsigned) ((0.005 + POTENTIAL_LEAD_S) * MUAP_RATE_HZ)], 1e-9);
}
END_TEST

/* --- background -------------------------------------------------------------------------- */

START_TEST(noise_has_the_rms_asked_for_in_the_band) {
        static const unsigned rates[] = { 250, 1000, 2000 };
        static const double corners[] = { 0, 100, 200 };
        const unsigned seconds = 40;

        for (size_t r = 0; r < ELEMENTSOF(rates); r++)
                for (size_t c = 0; c < ELEMENTSOF(corners); c++) {
                        _cleanup_free_ double *x = malloc(sizeof(*x) * seconds * rates[r]);
                        double power = 0;
                        SynthNoise n;

                        synth_noise_init(&n, 7, 0, rates[r], 3, corners[c]);
                        for (unsigned i = 0; i < seconds * rates[r]; i++)
                                x[i] = synth_noise_next(&n);
                        /* Every fifth Hz is enough for a smooth spectrum. */
                        for (unsigned f = 22; f < band_high_hz(rates[r]) - 2; f += 5)
                                power += 5 * density_at(x, rates[r], seconds, f);
                        ck_assert_msg(fabs(sqrt(power) / 3 - 1) < 0.05, "%u Hz, corner %g Hz: %g uV", rates[r], corners[c],
                                      sqrt(power));
                }
}
END_TEST

START_TEST(noise_is_as_coloured_as_asked_for) {
        const unsigned rate = 1000, seconds = 200;
        const double corner = 100;
        static const unsigned at[] = { 3, 10, 30, 100, 200 };
        _cleanup_free_ double *x = malloc(sizeof(*x) * seconds * rate);
        double reference = 0;
        SynthNoise n;

        synth_noise_init(&n, 3, 0, rate, 2, corner);
        for (unsigned i = 0; i < seconds * rate; i++)
                x[i] = synth_noise_next(&n);
        for (unsigned f = 390; f < 410; f++)
                reference += density_at(x, rate, seconds, f) / 20 / (1 + corner / 400);
        for (size_t i = 0; i < ELEMENTSOF(at); i++) {
                double sum = 0, wanted = 0;

                for (unsigned f = at[i] - 1; f <= at[i] + 1; f++) {
                        sum += density_at(x, rate, seconds, f);
                        wanted += reference * (1 + corner / f);
                }
                ck_assert_msg(fabs(10 * log10(sum / wanted)) < 2, "%u Hz: %+.1f dB", at[i], 10 * log10(sum / wanted));
        }
}
END_TEST

START_TEST(hum_is_a_line_with_harmonics_that_wanders) {
        const unsigned rate = 1000, seconds = 120;
        _cleanup_free_ double *x = malloc(sizeof(*x) * seconds * rate);
        double fundamental = 0, elsewhere, lowest = INFINITY, highest = 0;
        SynthMainsChannel c;
        SynthMains m;

        synth_mains_init(&m, 11, rate, 50);
        synth_mains_init_channel(&c, 11, 0, 100);
        for (unsigned i = 0; i < seconds * rate; i++) {
                synth_mains_next(&m);
                x[i] = synth_mains_value(&m, &c);
                lowest = fmin(lowest, 50 + m.deviation_hz);
                highest = fmax(highest, 50 + m.deviation_hz);
        }
        /* A peak of 60 to 140 uV; a wandering line fills the bins beside it. */
        for (unsigned f = 47; f <= 53; f++)
                fundamental += density_at(x, rate, seconds, f);
        ck_assert_double_gt(sqrt(2 * fundamental), 58);
        ck_assert_double_lt(sqrt(2 * fundamental), 142);
        ck_assert_double_gt(density_at(x, rate, seconds, 150), 10);
        elsewhere = density_at(x, rate, seconds, 75);
        ck_assert_double_lt(elsewhere, 1e-3);
        ck_assert_double_ge(lowest, 49.8);
        ck_assert_double_le(highest, 50.2);
        ck_assert_double_gt(highest - lowest, 0.05);
}
END_TEST

START_TEST(no_hum_beyond_what_the_rate_carries) {
        SynthMains m;

        synth_mains_init(&m, 1, 250, 60);
        ck_assert_uint_eq(m.n_harmonics, 1);
        synth_mains_init(&m, 1, 1000, 50);
        ck_assert_uint_eq(m.n_harmonics, MAINS_HARMONICS);
}
END_TEST

/* --- when twitches come ---------------------------------------------------------------------- */

START_TEST(twitches_come_at_the_rate_and_spacing_asked_for) {
        const ProcessConfig c = {
                .seed = 5,
                .n_channels = 8,
                .per_minute = 12,
                .min_spacing_s = 0.5,
                .min_spacing_across_s = 0.12,
                .doublet_fraction = 0.1,
                .start_s = 10,
        };
        double last[8], last_any = 0, until = 10 + 3600;
        unsigned n = 0, doublets = 0, of_channel[8] = {};
        Process p;
        Firing f;

        for (unsigned i = 0; i < 8; i++)
                last[i] = -INFINITY;
        ck_assert_int_eq(process_init(&p, &c), 0);
        for (process_next(&p, &f); f.at_s < until; process_next(&p, &f)) {
                ck_assert_double_ge(f.at_s, c.start_s);
                ck_assert_double_ge(f.at_s - last_any, c.min_spacing_across_s - 1e-9);
                ck_assert_double_ge(f.at_s - last[f.channel], c.min_spacing_s - 1e-9);
                ck_assert(f.gap_s == 0 || (f.gap_s >= 0.003 && f.gap_s <= 0.008));
                last[f.channel] = last_any = f.at_s;
                of_channel[f.channel]++;
                doublets += f.gap_s > 0;
                n++;
        }
        /* 5760 in an hour; a dead time makes the spread smaller than Poisson's 76. */
        ck_assert_uint_ge(n, 5500);
        ck_assert_uint_le(n, 6020);
        ck_assert_uint_ge(doublets, 480);
        ck_assert_uint_le(doublets, 680);
        for (unsigned i = 0; i < 8; i++) {
                ck_assert_uint_ge(of_channel[i], 600);
                ck_assert_uint_le(of_channel[i], 840);
        }
}
END_TEST

START_TEST(without_spacing_intervals_are_exponential) {
        ProcessConfig c = { .seed = 9, .n_channels = 1, .per_minute = 60 };
        const unsigned n = 20000;
        double last = 0, sum = 0, sum2 = 0;
        Process p;

        ck_assert_int_eq(process_init(&p, &c), 0);
        for (unsigned i = 0; i < n; i++) {
                Firing f;

                process_next(&p, &f);
                ck_assert_double_ge(f.at_s - last, PROCESS_REFRACTORY_S - 1e-9);
                sum += f.at_s - last;
                sum2 += (f.at_s - last) * (f.at_s - last);
                last = f.at_s;
        }
        double mean = sum / n, sd = sqrt(sum2 / n - mean * mean);
        ck_assert_double_eq_tol(mean, 1, 0.035);
        ck_assert_double_eq_tol(sd, 1 - PROCESS_REFRACTORY_S, 0.06);
}
END_TEST

START_TEST(too_many_twitches_are_refused) {
        ProcessConfig c = { .n_channels = 8, .per_minute = 100, .min_spacing_s = 0.5 };
        Process p;

        ck_assert_int_eq(process_init(&p, &c), -EINVAL);
        c.per_minute = 12;
        ck_assert_int_eq(process_init(&p, &c), 0);
        c.min_spacing_across_s = 1;
        ck_assert_int_eq(process_init(&p, &c), -EINVAL);
}
END_TEST

/* --- the whole ---------------------------------------------------------------------------------- */

/*
 * Values rounded to nanovolts do not see the last bits of libm: the sum is the same with gcc and clang, -O0
 * to -O3, with fused multiply-add and even with -ffast-math. If it changes, a seed means something else from
 * then on, and every figure measured before is of another signal.
 */
START_TEST(a_seed_means_one_signal) {
        SynthConfig c = synth_config_default;
        size_t n;

        c.mains_uv = 20;
        c.doublet_fraction = 0.1;
        c.neighbours = true;
        _cleanup_free_ int32_t *nv = render(&c, 5000, &n);
        ck_assert_uint_eq(checksum(nv, 5000 * 8), UINT64_C(0x6e3744ffddb30f98));
        ck_assert_uint_eq(checksum(nv, n), UINT64_C(0xbcd42966c4fbac06));
}
END_TEST

START_TEST(blocks_do_not_matter) {
        static const size_t blocks[] = { 1, 7, 256, 257, 4096 };
        SynthConfig c = synth_config_default;
        size_t n, m;

        c.seconds = 12;
        c.n_channels = 3;
        c.mains_uv = 10;
        c.neighbours = true;
        _cleanup_free_ int32_t *whole = render(&c, 100000, &n);
        c.sinc3 = true;
        _cleanup_free_ int32_t *converted = render(&c, 100000, &n);
        for (size_t i = 0; i < 2 * ELEMENTSOF(blocks); i++) {
                c.sinc3 = i % 2;
                _cleanup_free_ int32_t *cut = render(&c, blocks[i / 2], &m);

                ck_assert_uint_eq(m, n);
                ck_assert_mem_eq(cut, c.sinc3 ? converted : whole, n * sizeof(*whole));
        }
}
END_TEST

/* The droop of the ADS1299's filter as its data sheet gives it; what lies above half the rate folds down. */
START_TEST(sinc3_has_the_droop_of_the_chip) {
        static const struct { double f, db; } droops[] = {
                { 0.05, -0.11 }, { 0.1, -0.43 }, { 0.2, -1.74 }, { 0.25, -2.74 }, { 0.3, -3.98 }, { 0.4, -7.26 }, { 0.45, -9.34 },
                { 0.7, -26.05 }, { 1.2, -48.4 },
        };
        enum { FACTOR = 16, N = 2000 };

        ck_assert_uint_eq(sinc3_factor(250), 16);
        ck_assert_uint_eq(sinc3_factor(2000), 8);
        for (size_t k = 0; k < ELEMENTSOF(droops); k++) {
                double square = 0;
                unsigned n = 0, n_in = 0;
                Sinc3 s;

                sinc3_init(&s, FACTOR);
                for (double y; n < N; n_in++)
                        if (sinc3_next(&s, sin(2 * M_PI * droops[k].f / FACTOR * n_in + 0.1), &y)) {
                                square += n >= 20 ? y * y : 0;
                                n++;
                        }
                ck_assert_uint_eq(n_in, N * FACTOR);
                double db = 10 * log10(2 * square / (N - 20));
                ck_assert_msg(fabs(db - droops[k].db) < 0.02 + 0.005 * fabs(db), "%g: %g dB", droops[k].f, db);
        }
}
END_TEST

/* Times stay true; what is above a quarter of the rate gets smaller. */
START_TEST(a_converter_makes_potentials_smaller_and_no_later) {
        SynthConfig c = synth_config_default;
        double products[5] = { 0 }, before = 0, after = 0;
        size_t n, m;

        c.rate_hz = 250;
        c.n_channels = 1;
        c.seconds = 60;
        c.noise_uv = 0.01;
        c.amplitude_sigma_lo = 2000;
        c.amplitude_sigma_hi = 10000;
        _cleanup_free_ int32_t *plain = render(&c, 5000, &n);
        c.sinc3 = true;
        _cleanup_free_ int32_t *converted = render(&c, 5000, &m);

        ck_assert_uint_eq(m, n);
        for (size_t i = 2; i + 2 < n; i++) {
                for (int lag = -2; lag <= 2; lag++)
                        products[2 + lag] += (double) plain[i] * converted[i + (size_t) lag];
                before += (double) plain[i] * plain[i];
                after += (double) converted[i] * converted[i];
        }
        /* top of the parabola; the filter's own delay would be 1.5 frames */
        double late = (products[3] - products[1]) / 2 / (2 * products[2] - products[1] - products[3]);
        ck_assert(products[2] > products[1] && products[2] > products[3]);
        ck_assert_double_eq_tol(late, 0, 0.05);
        ck_assert(sqrt(after / before) > 0.4 && sqrt(after / before) < 0.8);
}
END_TEST

/* A longer run begins like a shorter one; what is switched off leaves the rest as it is. */
START_TEST(ingredients_are_independent) {
        SynthConfig c = synth_config_default;
        size_t n_short, n_long, n_other;

        c.n_channels = 2;
        c.seconds = 10;
        _cleanup_free_ int32_t *a = render(&c, 1000, &n_short);
        c.seconds = 20;
        _cleanup_free_ int32_t *b = render(&c, 1000, &n_long);
        /* The last second may hold a twitch that is left out where the signal ends. */
        ck_assert_mem_eq(a, b, (n_short - 2000) * sizeof(*a));

        c.seconds = 10;
        c.n_channels = 1;
        c.twitches_per_minute = 0;
        _cleanup_free_ int32_t *noise = render(&c, 1000, &n_other);
        for (size_t i = 0; i < 5000; i++)       /* lead-in */
                ck_assert_int_eq(noise[i], a[2 * i]);
        c.seed = 2;
        _cleanup_free_ int32_t *other = render(&c, 1000, &n_other);
        ck_assert_mem_ne(other, noise, n_other * sizeof(*other));
}
END_TEST

START_TEST(truth_is_where_and_as_large_as_the_signal_says) {
        static const unsigned rates[] = { 1000, 4000 };

        for (size_t r = 0; r < ELEMENTSOF(rates); r++) {
                SynthConfig c = synth_config_default;
                size_t n_twitches, n;

                c.rate_hz = rates[r];
                c.n_channels = 4;
                c.seconds = 30;
                c.noise_uv = 0.01;
                c.amplitude_sigma_lo = 2000;            /* 20 to 200 uV */
                c.amplitude_sigma_hi = 20000 / 2;
                _cleanup_(synth_freep) Synth *s = must_make(&c);
                const SynthTwitch *twitches = synth_twitches(s, &n_twitches);
                size_t frames = synth_n_frames(s);
                _cleanup_free_ double *uv = malloc(sizeof(*uv) * frames * 4), *x = malloc(sizeof(*x) * frames);

                n = synth_read(s, uv, frames);
                ck_assert_uint_eq(n, frames);
                ck_assert_uint_gt(n_twitches, 10);
                for (size_t i = 0; i < n_twitches; i++) {
                        const SynthTwitch *t = twitches + i;
                        long at = lround(t->time_s * c.rate_hz), reach = c.rate_hz / 40, best = at;
                        double lo = INFINITY, hi = -INFINITY, top = 0;

                        if (at < (long) c.rate_hz / 5 || at + (long) c.rate_hz / 5 > (long) frames)
                                continue;
                        for (size_t k = 0; k < frames; k++)
                                x[k] = uv[k * 4 + t->channel];
                        for (long k = at - reach; k <= at + reach; k++) {
                                double v = band_value(x, c.rate_hz, 20, 450, k);

                                lo = fmin(lo, v);
                                hi = fmax(hi, v);
                                if (fabs(v) > top) {
                                        top = fabs(v);
                                        best = k;
                                }
                        }
                        /* One sample, and half a millisecond for another shape of filter. */
                        ck_assert_msg(fabs(best / (double) c.rate_hz - t->time_s) < 1.0 / c.rate_hz + 0.0005,
                                      "unit %u: %g s, found at %g s", t->unit, t->time_s, best / (double) c.rate_hz);
                        ck_assert_msg(fabs((hi - lo) / t->amplitude_uv - 1) < 0.1, "unit %u: %g uV, found %g uV", t->unit,
                                      t->amplitude_uv, hi - lo);
                        ck_assert_double_eq_tol(t->snr, t->amplitude_uv / c.noise_uv, 1e-9 * t->snr);
                }
        }
}
END_TEST

START_TEST(amplitudes_are_spread_over_what_is_asked_for) {
        SynthConfig c = synth_config_default;
        size_t n;
        double lowest = INFINITY, highest = 0;

        c.seconds = 600;
        c.amplitude_jitter = 0;
        _cleanup_(synth_freep) Synth *s = must_make(&c);
        const SynthTwitch *t = synth_twitches(s, &n);
        for (size_t i = 0; i < n; i++) {
                ck_assert_double_ge(t[i].snr, 10 - 1e-9);
                ck_assert_double_le(t[i].snr, 60 + 1e-9);
                ck_assert(i == 0 || t[i].time_s >= t[i - 1].time_s);
                ck_assert_double_ge(t[i].time_s, c.lead_in_s);
                ck_assert_double_lt(t[i].time_s, c.seconds);
                ck_assert_uint_eq(t[i].unit / c.units_per_channel, t[i].channel);
                lowest = fmin(lowest, t[i].snr);
                highest = fmax(highest, t[i].snr);
        }
        ck_assert_double_lt(lowest, 11);
        ck_assert_double_gt(highest, 55);
}
END_TEST

/* Power of the signal of a channel around a twitch. */
static double power_near(const double *uv, unsigned n_channels, unsigned channel, double rate, double at_s) {
        double sum = 0;

        for (long i = lround((at_s - 0.02) * rate); i < lround((at_s + 0.02) * rate); i++)
                sum += uv[i * n_channels + channel] * uv[i * n_channels + channel];
        return sum;
}

START_TEST(a_neighbour_sees_a_unit_only_if_asked_and_weaker) {
        for (int neighbours = 0; neighbours < 2; neighbours++) {
                SynthConfig c = synth_config_default;
                size_t n;

                c.n_channels = 3;
                c.seconds = 20;
                c.noise_uv = 0.01;
                c.noise_corner_hz = 0;
                c.amplitude_sigma_lo = c.amplitude_sigma_hi = 10000;
                c.neighbours = neighbours;
                _cleanup_(synth_freep) Synth *s = must_make(&c);
                const SynthTwitch *t = synth_twitches(s, &n);
                _cleanup_free_ double *uv = malloc(sizeof(*uv) * 3 * synth_n_frames(s));

                ck_assert_uint_gt(n, 3);
                synth_read(s, uv, synth_n_frames(s));
                for (size_t i = 0; i < n; i++) {
                        double home = power_near(uv, 3, t[i].channel, 1000, t[i].time_s);

                        for (unsigned k = 0; k < 3; k++) {
                                double there = power_near(uv, 3, k, 1000, t[i].time_s);

                                if (k == t[i].channel)
                                        continue;
                                ck_assert_double_lt(there, home / 4);
                                if (neighbours && abs((int) k - (int) t[i].channel) == 1)
                                        ck_assert_double_gt(there, 0.1);
                                else
                                        ck_assert_double_lt(there, 0.05);
                        }
                }
        }
}
END_TEST

START_TEST(nonsense_is_refused) {
        const SynthConfig *d = &synth_config_default;
        SynthConfig bad[] = { *d, *d, *d, *d, *d, *d, *d, *d, *d };
        unsigned i = 0;

        bad[i++].rate_hz = 0;
        bad[i++].n_channels = 0;
        bad[i++].n_channels = 65;
        bad[i++].noise_uv = 0;
        bad[i++].noise_uv = NAN;
        bad[i++].mains_hz = INFINITY;
        bad[i++].amplitude_sigma_lo = 100;
        bad[i++].twitches_per_minute = 1000;
        bad[i++].units_per_channel = 0;
        ck_assert_uint_eq(i, ELEMENTSOF(bad));
        while (i-- > 0) {
                const char *error = NULL;
                Synth *s = NULL;

                ck_assert_int_eq(synth_new(bad + i, &s, &error), -EINVAL);
                ck_assert_ptr_null(s);
                ck_assert_ptr_nonnull(error);
        }
}
END_TEST

/* --- files ----------------------------------------------------------------------------------------- */

static SynthConfig small_config(void) {
        SynthConfig c = synth_config_default;

        c.n_channels = 3;
        c.seconds = 10;
        c.lead_in_s = 0;
        c.twitches_per_minute = 30;
        return c;
}

static void write_bdf(const SynthConfig *c) {
        _cleanup_(synth_freep) Synth *s = must_make(c);
        uint64_t clipped = 1;

        ck_assert_int_eq(bdf_write(in_folder("a.bdf"), s, &go_on, &clipped), 0);
        ck_assert_uint_eq(clipped, 0);
}

START_TEST(bdf_round_trip) {
        static struct edf_hdr_struct h;
        SynthConfig c = small_config();
        size_t n, n_twitches;

        write_bdf(&c);
        _cleanup_free_ int32_t *nv = render(&c, 1000, &n);
        _cleanup_free_ int *column = malloc(sizeof(*column) * n / 3);
        _cleanup_(synth_freep) Synth *s = must_make(&c);
        const SynthTwitch *t = synth_twitches(s, &n_twitches);

        ck_assert_int_eq(edfopen_file_readonly(in_folder("a.bdf"), &h, EDFLIB_READ_ALL_ANNOTATIONS), 0);
        ck_assert_int_eq(h.filetype, EDFLIB_FILETYPE_BDFPLUS);
        ck_assert_int_eq(h.edfsignals, 3);
        for (unsigned i = 0; i < 3; i++) {
                double lsb_uv = (h.signalparam[i].phys_max - h.signalparam[i].phys_min) /
                                (h.signalparam[i].dig_max - h.signalparam[i].dig_min);

                ck_assert_double_eq_tol(lsb_uv, 0.001, 1e-12);
                ck_assert_int_eq(strncmp(h.signalparam[i].physdimension, "uV", 2), 0);
                ck_assert_int_eq(h.signalparam[i].smp_in_file, (int) (n / 3));
                ck_assert_int_eq(edfread_digital_samples(h.handle, (int) i, (int) (n / 3), column), (int) (n / 3));
                for (size_t k = 0; k < n / 3; k++)
                        ck_assert_int_eq(column[k], nv[k * 3 + i]);
        }
        ck_assert_int_eq(h.annotations_in_file, (int) n_twitches);
        for (size_t i = 0; i < n_twitches; i++) {
                struct edf_annotation_struct a;
                char label[16];

                ck_assert_int_eq(edf_get_annotation(h.handle, (int) i, &a), 0);
                ck_assert_double_eq_tol(a.onset / 1e7, t[i].time_s, 1e-4);
                ck_assert_ptr_nonnull(strstr(a.annotation, "fasciculation"));
                snprintf(label, sizeof(label), "@@EMG %u", t[i].channel + 1);
                ck_assert_ptr_nonnull(strstr(a.annotation, label));
        }
        edfclose_file(h.handle);
}
END_TEST

START_TEST(truth_file) {
        SynthConfig c = small_config();
        _cleanup_(synth_freep) Synth *s = must_make(&c);
        _cleanup_fclose_ FILE *f = NULL;
        char line[128];
        size_t n, i = 0;
        const SynthTwitch *t = synth_twitches(s, &n);

        ck_assert_int_eq(truth_write("/nonexistent/truth.csv", s, INFINITY), -ENOENT);
        ck_assert_int_eq(truth_write(in_folder("truth.csv"), s, INFINITY), 0);
        f = fopen(in_folder("truth.csv"), "re");
        ck_assert_ptr_nonnull(fgets(line, sizeof(line), f));
        ck_assert_str_eq(line, "time_s,channel,amplitude_uv,snr,kind,discharges,unit\n");
        for (; fgets(line, sizeof(line), f); i++) {
                double time_s, amplitude_uv, snr;
                unsigned channel, discharges, unit;

                ck_assert_uint_lt(i, n);
                ck_assert_int_eq(sscanf(line, "%lf,%u,%lf,%lf,fasciculation,%u,%u\n", &time_s, &channel, &amplitude_uv, &snr,
                                        &discharges, &unit), 6);
                ck_assert_double_eq_tol(time_s, t[i].time_s, 1e-6);
                ck_assert_uint_eq(channel, t[i].channel);
                ck_assert_double_eq_tol(amplitude_uv, t[i].amplitude_uv, 1e-3);
                ck_assert_uint_eq(unit, t[i].unit);
        }
        ck_assert_uint_eq(i, n);
}
END_TEST

/* One signal of one second; the counts are 0, 1, 2 ... */
static void write_edf(const char *unit, double phys_min, double phys_max, int dig_min, int dig_max) {
        int counts[100], h = edfopen_file_writeonly(in_folder("a.edf"), EDFLIB_FILETYPE_EDFPLUS, 1);

        ck_assert_int_ge(h, 0);
        ck_assert_int_eq(edf_set_samplefrequency(h, 0, 100), 0);
        ck_assert_int_eq(edf_set_physical_minimum(h, 0, phys_min), 0);
        ck_assert_int_eq(edf_set_physical_maximum(h, 0, phys_max), 0);
        ck_assert_int_eq(edf_set_digital_minimum(h, 0, dig_min), 0);
        ck_assert_int_eq(edf_set_digital_maximum(h, 0, dig_max), 0);
        ck_assert_int_eq(edf_set_physical_dimension(h, 0, unit), 0);
        for (int i = 0; i < 100; i++)
                counts[i] = i;
        ck_assert_int_eq(edfwrite_digital_samples(h, counts), 0);
        ck_assert_int_eq(edfclose_file(h), 0);
}

START_TEST(counts_become_nanovolts) {
        static const struct {
                const char *unit;
                double phys_min, phys_max;
                int dig_min, dig_max;
                double zero, lsb_nv;            /* nanovolts of count 0, of one count */
        } table[] = {
                { "uV", -32768, 32767, -32768, 32767, 0, 1e3 },
                { "uV", -32767.5, 32767.5, -32768, 32767, 0, 1e3 },     /* half a count off, as most files are */
                { "uV", -1000, 1000, -2000, 2000, 0, 500 },
                { "uV", -1500, 2500, -2000, 2000, 500e3, 1e3 },         /* a real zero */
                { "uV", -1000, 1000, 0, 2000, -1000e3, 1e3 },           /* unsigned converter */
                { "uV", 1000, -1000, -1000, 1000, 0, -1e3 },            /* upside down */
                { "mV", -2, 2, -2000, 2000, 0, 1e3 },
                { "V", -2, 2, -20000, 20000, 0, 1e5 },
                { "nV", -2000, 2000, -2000, 2000, 0, 1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(recording_freep) Recording *r = NULL;
                double nv[101];

                write_edf(table[i].unit, table[i].phys_min, table[i].phys_max, table[i].dig_min, table[i].dig_max);
                ck_assert_int_eq(recording_open(in_folder("a.edf"), &r), 0);
                ck_assert_uint_eq(recording_n_channels(r), 1);
                ck_assert_double_eq(recording_rate_hz(r, 0), 100);
                ck_assert_int_eq(recording_read_nv(r, 0, nv, ELEMENTSOF(nv)), 100);
                for (int k = 0; k < 100; k++)
                        ck_assert_msg(nv[k] == table[i].zero + k * table[i].lsb_nv, "line %zu, count %d: %g nV", i, k, nv[k]);
        }
}
END_TEST

START_TEST(too_large_values_are_clipped_and_counted) {
        _cleanup_(recording_freep) Recording *r = NULL;
        _cleanup_(track_freep) Track *t = NULL;
        int32_t nv[100];
        uint64_t clipped = 0;

        write_edf("V", -10000, 10000, -10000, 10000);
        ck_assert_int_eq(recording_open(in_folder("a.edf"), &r), 0);
        ck_assert_int_eq(track_new(r, 0, 100, &t), 0);
        ck_assert_int_eq(track_read(t, nv, 100, &clipped), 100);
        ck_assert_int_eq(nv[2], 2000000000);
        ck_assert_int_eq(nv[3], INT32_MAX);
        ck_assert_uint_eq(clipped, 97);
}
END_TEST

/* A sine with an offset of 100 mV, resampled, is the sine at the new times. */
START_TEST(resampling_keeps_time_size_and_offset) {
        static const unsigned rates[] = { 250, 777, 1000, 2000, 16000 };
        const double frequency = 40, amplitude_uv = 500, offset_uv = 100e3;
        const unsigned seconds = 4;
        int column[1000], h = edfopen_file_writeonly(in_folder("a.bdf"), EDFLIB_FILETYPE_BDFPLUS, 1);

        ck_assert_int_ge(h, 0);
        ck_assert_int_eq(edf_set_samplefrequency(h, 0, 1000), 0);
        ck_assert_int_eq(edf_set_physical_minimum(h, 0, -800000), 0);
        ck_assert_int_eq(edf_set_physical_maximum(h, 0, 800000), 0);
        ck_assert_int_eq(edf_set_digital_minimum(h, 0, -8000000), 0);
        ck_assert_int_eq(edf_set_digital_maximum(h, 0, 8000000), 0);
        ck_assert_int_eq(edf_set_physical_dimension(h, 0, "uV"), 0);
        for (unsigned s = 0; s < seconds; s++) {
                for (unsigned i = 0; i < 1000; i++)
                        column[i] = (int) lround(10 * (offset_uv + amplitude_uv * sin(2 * M_PI * frequency * (s * 1000 + i) / 1000)));
                ck_assert_int_eq(edfwrite_digital_samples(h, column), 0);
        }
        ck_assert_int_eq(edfclose_file(h), 0);

        for (size_t i = 0; i < ELEMENTSOF(rates); i++) {
                _cleanup_(recording_freep) Recording *r = NULL;
                _cleanup_(track_freep) Track *t = NULL;
                unsigned n = rates[i] * seconds;
                _cleanup_free_ int32_t *nv = malloc((n + 1) * sizeof(*nv));
                uint64_t clipped = 0;

                ck_assert_int_eq(recording_open(in_folder("a.bdf"), &r), 0);
                ck_assert_int_eq(track_new(r, 0, rates[i], &t), 0);
                /* libsamplerate may keep the very last one. */
                ssize_t got = track_read(t, nv, n + 1, &clipped);
                ck_assert_int_ge(got, n - 1);
                ck_assert_int_le(got, n);
                ck_assert_int_eq(track_read(t, nv + got, 1, &clipped), 0);
                ck_assert_uint_eq(clipped, 0);
                for (unsigned k = n / 8; k < n - n / 8; k++) {
                        double wanted = offset_uv + amplitude_uv * sin(2 * M_PI * frequency * k / rates[i]);

                        ck_assert_msg(fabs(nv[k] / 1000.0 - wanted) < 0.2, "%u Hz, %u: %g uV for %g uV", rates[i], k,
                                      nv[k] / 1000.0, wanted);
                }
        }
}
END_TEST

START_TEST(numbers_of_the_command_line) {
        double lo = -1, hi = -1;
        unsigned u = 7;
        uint64_t seed = 7;

        ck_assert_int_eq(option_unsigned("x", "12", 1, 64, &u), 0);
        ck_assert_uint_eq(u, 12);
        ck_assert_int_eq(option_unsigned("x", "65", 1, 64, &u), -EINVAL);
        ck_assert_int_eq(option_unsigned("x", "-1", 0, 64, &u), -EINVAL);
        ck_assert_int_eq(option_unsigned("x", "", 0, 64, &u), -EINVAL);
        ck_assert_int_eq(option_unsigned("x", "5x", 0, 64, &u), -EINVAL);
        ck_assert_int_eq(option_u64("x", "99999999999999999999", &seed), -EINVAL);
        ck_assert_uint_eq(u, 12);
        ck_assert_uint_eq(seed, 7);
        ck_assert_int_eq(option_range("x", "3:4.5", 0, 10, &lo, &hi), 0);
        ck_assert_double_eq(lo, 3);
        ck_assert_double_eq(hi, 4.5);
        ck_assert_int_eq(option_range("x", "2", 0, 10, &lo, &hi), 0);
        ck_assert_double_eq(lo, 2);
        ck_assert_double_eq(hi, 2);
        ck_assert_int_eq(option_range("x", "5:4", 0, 10, &lo, &hi), -EINVAL);
        ck_assert_int_eq(option_range("x", "nan", 0, 10, &lo, &hi), -EINVAL);
        ck_assert_int_eq(option_range("x", "1:", 0, 10, &lo, &hi), -EINVAL);
        ck_assert_double_eq(lo, 2);
}
END_TEST

/* --- the programs, beside this one ------------------------------------------------------------------ */

static bool have_tool(const char *name, char ret[static 4096]) {
        char self[4000];
        ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

        if (n >= 0) {
                self[n] = '\0';
                snprintf(ret, 4096, "%s/%s", dirname(self), name);
                if (access(ret, X_OK) >= 0)
                        return true;
        }
        printf("skipped: no %s beside this test (make tools)\n", name);
        return false;
}

static pid_t start_player(const char *player, const char *const *more) {
        const char *args[12] = { player, in_folder("a.bdf"), "--device", in_folder("fifo") };
        pid_t pid;

        for (size_t i = 0; more && more[i]; i++)
                args[4 + i] = more[i];
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                execv(player, (char**) args);
                _exit(127);
        }
        return pid;
}

static int wait_for(pid_t pid) {
        int status;

        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_msg(WIFEXITED(status), "killed by signal %d", WTERMSIG(status));
        return WEXITSTATUS(status);
}

/* Everything that comes out of the FIFO, in values. */
static size_t read_fifo(int32_t *ret, size_t n) {
        _cleanup_close_ int fd = open(in_folder("fifo"), O_RDONLY | O_CLOEXEC);
        size_t done = 0, size = n * sizeof(*ret);
        ssize_t k;

        ck_assert_int_ge(fd, 0);
        while (done < size && (k = read(fd, (char*) ret + done, size - done)) > 0)
                done += k;
        ck_assert_uint_eq(done % sizeof(*ret), 0);
        return done / sizeof(*ret);
}

START_TEST(player_passes_values_exactly) {
        static const char *const some[] = { "--channels", "2,0", "--seconds", "3.5", NULL };
        SynthConfig c = small_config();
        char player[4096];
        size_t n;

        if (!have_tool("twitch-play", player))
                return;
        write_bdf(&c);
        ck_assert_int_eq(mkfifo(in_folder("fifo"), 0600), 0);
        _cleanup_free_ int32_t *nv = render(&c, 1000, &n), *played = calloc(n + 1, sizeof(*played));

        pid_t pid = start_player(player, NULL);
        ck_assert_uint_eq(read_fifo(played, n + 1), n);
        ck_assert_mem_eq(played, nv, n * sizeof(*nv));
        ck_assert_int_eq(wait_for(pid), 0);

        pid = start_player(player, some);
        ck_assert_uint_eq(read_fifo(played, n + 1), 2 * 3500);
        for (size_t i = 0; i < 3500; i++) {
                ck_assert_int_eq(played[2 * i], nv[3 * i + 2]);
                ck_assert_int_eq(played[2 * i + 1], nv[3 * i]);
        }
        ck_assert_int_eq(wait_for(pid), 0);
}
END_TEST

START_TEST(player_ends_when_told_to) {
        SynthConfig c = small_config();
        char player[4096];
        int32_t some[3];

        if (!have_tool("twitch-play", player))
                return;
        write_bdf(&c);
        ck_assert_int_eq(mkfifo(in_folder("fifo"), 0600), 0);

        /* The FIFO is read a little, so the player is through its start, and then no more: it is blocked. */
        pid_t pid = start_player(player, NULL);
        int fd = open(in_folder("fifo"), O_RDONLY | O_CLOEXEC);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(read(fd, some, sizeof(some)), sizeof(some));
        ck_assert_int_eq(kill(pid, SIGTERM), 0);
        ck_assert_int_eq(wait_for(pid), 0);
        close(fd);

        /* The reader goes away. */
        pid = start_player(player, NULL);
        fd = open(in_folder("fifo"), O_RDONLY | O_CLOEXEC);
        ck_assert_int_eq(read(fd, some, sizeof(some)), sizeof(some));
        close(fd);
        ck_assert_int_eq(wait_for(pid), 1);
}
END_TEST

START_TEST(player_gives_up) {
        static const char *const impatient[] = { "--wait", "1", NULL };
        static const char *const no_channel[] = { "--channels", "3", NULL };
        static const char *const twice[] = { "--channels", "0-1,1", NULL };
        static const char *const no_list[] = { "--channels", "1,,2", NULL };
        SynthConfig c = small_config();
        char player[4096];

        if (!have_tool("twitch-play", player))
                return;
        write_bdf(&c);
        ck_assert_int_eq(mkfifo(in_folder("fifo"), 0600), 0);
        ck_assert_int_eq(wait_for(start_player(player, impatient)), 1);

        /* With a reader it gets as far as its arguments. */
        _cleanup_close_ int fd = open(in_folder("fifo"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(wait_for(start_player(player, no_channel)), 1);
        ck_assert_int_eq(wait_for(start_player(player, twice)), 1);
        ck_assert_int_eq(wait_for(start_player(player, no_list)), 1);
        ck_assert_int_eq(unlink(in_folder("a.bdf")), 0);
        ck_assert_int_eq(wait_for(start_player(player, NULL)), 1);
}
END_TEST

static TCase* add_case(Suite *suite, const char *name) {
        TCase *t = tcase_create(name);

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_set_timeout(t, 300);
        suite_add_tcase(suite, t);
        return t;
}

int main(void) {
        Suite *suite = suite_create("synth");
        TCase *t;

        t = add_case(suite, "ingredients");
        tcase_add_test(t, normal_deviates_are_normal);
        tcase_add_test(t, streams_differ);
        tcase_add_test(t, potentials_are_as_large_and_as_fast_as_physics_says);
        tcase_add_test(t, potentials_travel);
        tcase_add_test(t, potentials_end);
        tcase_add_test(t, noise_has_the_rms_asked_for_in_the_band);
        tcase_add_test(t, noise_is_as_coloured_as_asked_for);
        tcase_add_test(t, hum_is_a_line_with_harmonics_that_wanders);
        tcase_add_test(t, no_hum_beyond_what_the_rate_carries);
        tcase_add_test(t, twitches_come_at_the_rate_and_spacing_asked_for);
        tcase_add_test(t, without_spacing_intervals_are_exponential);
        tcase_add_test(t, too_many_twitches_are_refused);

        t = add_case(suite, "signal");
        tcase_add_test(t, a_seed_means_one_signal);
        tcase_add_test(t, blocks_do_not_matter);
        tcase_add_test(t, sinc3_has_the_droop_of_the_chip);
        tcase_add_test(t, a_converter_makes_potentials_smaller_and_no_later);
        tcase_add_test(t, ingredients_are_independent);
        tcase_add_test(t, truth_is_where_and_as_large_as_the_signal_says);
        tcase_add_test(t, amplitudes_are_spread_over_what_is_asked_for);
        tcase_add_test(t, a_neighbour_sees_a_unit_only_if_asked_and_weaker);
        tcase_add_test(t, nonsense_is_refused);

        t = add_case(suite, "files");
        tcase_add_test(t, bdf_round_trip);
        tcase_add_test(t, truth_file);
        tcase_add_test(t, counts_become_nanovolts);
        tcase_add_test(t, too_large_values_are_clipped_and_counted);
        tcase_add_test(t, resampling_keeps_time_size_and_offset);
        tcase_add_test(t, numbers_of_the_command_line);
        tcase_add_test(t, player_passes_values_exactly);
        tcase_add_test(t, player_ends_when_told_to);
        tcase_add_test(t, player_gives_up);
        return suite_done(suite);
}

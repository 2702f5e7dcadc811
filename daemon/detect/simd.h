/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Floats side by side, and functions over them for every machine. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Floats side by side, in whatever registers there are; unaligned. Keeps sums in a fixed order. */
typedef float Quad __attribute__((vector_size(16), aligned(4), may_alias));
typedef float Oct __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t QuadBits __attribute__((vector_size(16), aligned(4), may_alias));
typedef int32_t OctBits __attribute__((vector_size(32), aligned(4), may_alias));
typedef int64_t PairLong __attribute__((vector_size(16), aligned(4), may_alias));
typedef double QuadDouble __attribute__((vector_size(32), aligned(8), may_alias));

/*
 * From a function name_any(), for all machines, makes name(): the same operations in the same order, however many of
 * them an instruction does.
 */
#define ALWAYS_INLINE inline __attribute__((always_inline))
#ifdef __x86_64__
#define VECTOR_FUNCTION_IN(storage, type, name, parameters, arguments)  \
        __attribute__((noinline, target("avx2"))) static type name##_avx2 parameters { \
                return name##_any arguments;                            \
        }                                                               \
        __attribute__((noinline)) static type name##_sse2 parameters {  \
                return name##_any arguments;                            \
        }                                                               \
        storage type name parameters {                                  \
                return __builtin_cpu_supports("avx2") ? name##_avx2 arguments : name##_sse2 arguments; \
        }
#else
#define VECTOR_FUNCTION_IN(storage, type, name, parameters, arguments)  \
        storage type name parameters {                                  \
                return name##_any arguments;                            \
        }
#endif
#define VECTOR_FUNCTION(type, name, parameters, arguments) VECTOR_FUNCTION_IN(extern, type, name, parameters, arguments)
#define STATIC_VECTOR_FUNCTION(type, name, parameters, arguments) VECTOR_FUNCTION_IN(static, type, name, parameters, arguments)

/* Macros: gcc 14 for arm64 does not survive parameters of an unaligned vector type. */
#define QUAD_CHOSEN(which, yes, no) ((Quad) (((QuadBits) (yes) & (which)) | ((QuadBits) (no) & ~(which))))
#define OCT_MAGNITUDE(x) ((Oct) ((OctBits) (x) & INT32_MAX))
#define OCT_CHOSEN(which, yes, no) ((Oct) (((OctBits) (yes) & (which)) | ((OctBits) (no) & ~(which))))
#define OCT_LARGER(a, b) OCT_CHOSEN((a) > (b), a, b)

static ALWAYS_INLINE bool oct_any(const OctBits *flags) {
        PairLong any = *(const PairLong*) flags | *((const PairLong*) flags + 1);

        return (any[0] | any[1]) != 0;
}

static ALWAYS_INLINE float oct_largest(const Oct *x) {
        Quad low = *(const Quad*) x, high = *((const Quad*) x + 1);

        low = QUAD_CHOSEN(low > high, low, high);
        float a = low[0] > low[1] ? low[0] : low[1], b = low[2] > low[3] ? low[2] : low[3];
        return a > b ? a : b;
}

static inline float vector_energy(const float *x, int n) {
        float sum = 0;
        for (int i = 0; i < n; i++)
                sum += x[i] * x[i];
        return sum;
}

static inline float vector_product(const float *a, const float *b, int n) {
        float sum = 0;
        for (int i = 0; i < n; i++)
                sum += a[i] * b[i];
        return sum;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Floats side by side, and functions over them for every machine. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Floats side by side, in whatever registers there are; unaligned. Keeps sums in a fixed order. */
typedef float f32x4 __attribute__((vector_size(16), aligned(4), may_alias));
typedef float f32x8 __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t i32x4 __attribute__((vector_size(16), aligned(4), may_alias));
typedef int32_t i32x8 __attribute__((vector_size(32), aligned(4), may_alias));
typedef int64_t i64x2 __attribute__((vector_size(16), aligned(4), may_alias));
typedef double f64x4 __attribute__((vector_size(32), aligned(8), may_alias));

/*
 * From a function name_any(), for all machines, makes name(): the same operations in the same order, however
 * many of them an instruction does.
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
#define VECTOR_FUNCTION(type, name, parameters, arguments)              \
        VECTOR_FUNCTION_IN(extern, type, name, parameters, arguments)
#define STATIC_VECTOR_FUNCTION(type, name, parameters, arguments)       \
        VECTOR_FUNCTION_IN(static, type, name, parameters, arguments)

/* Macros: gcc 14 for arm64 does not survive parameters of an unaligned vector type. */
#define F32X4_SELECT(which, yes, no) ((f32x4) (((i32x4) (yes) & (which)) | ((i32x4) (no) & ~(which))))
#define F32X8_ABS(x) ((f32x8) ((i32x8) (x) & INT32_MAX))
#define F32X8_SELECT(which, yes, no) ((f32x8) (((i32x8) (yes) & (which)) | ((i32x8) (no) & ~(which))))
#define F32X8_MAX(a, b) F32X8_SELECT((a) > (b), a, b)

static ALWAYS_INLINE bool i32x8_any(const i32x8 *flags) {
        i64x2 any = *(const i64x2*) flags | *((const i64x2*) flags + 1);

        return (any[0] | any[1]) != 0;
}

static ALWAYS_INLINE float f32x8_max(const f32x8 *x) {
        f32x4 low = *(const f32x4*) x, high = *((const f32x4*) x + 1);

        low = F32X4_SELECT(low > high, low, high);
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

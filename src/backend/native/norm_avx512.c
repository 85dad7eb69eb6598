/* norm_avx512.c: the loops of batch normalisation for AVX-512, over f32 and over bf16. */
#include "backend/native/avx512.h"
#include "backend/native/bf16_avx512.h"
#include "backend/native/norm.h"

#define LOOPS fyi_norm_f32_avx512
#define STORED float
#define GET load
#define PUT store
#include "backend/native/norm_loops.h"

#define LOOPS fyi_norm_bf16_avx512
#define STORED uint16_t
#define GET load_bf16
#define PUT store_bf16
#include "backend/native/norm_loops.h"

/* update_avx512.c: the optimisers' loops for AVX-512. */
#define LOOPS fyi_update_loops_avx512
#include "backend/native/update_loops.h"

/* op_eval.h: reads what a graph computes where the tables of op_check.h do not fit: NaN, several
 * steps. */
#ifndef OP_EVAL_H
#define OP_EVAL_H

#include "support/op_check.h"

/* A fresh graph without parameters; op_eval_end frees it and them. */
void op_eval_begin(op_test *t);
void op_eval_end(op_test *t);
/* The n values of x on `device` in step number `step` of a fresh plan with t's seed. */
void op_eval_step(const op_test *t, const char *device, fy_node x, uint64_t step, double *v,
                  int64_t n);
/* Those of step 0 are these on "ref" and on "cpu", where NaN equals NaN. */
void op_eval_is(const op_test *t, fy_node x, const double *expected, int64_t n);
/* An i32 or f32 constant of rank 1. */
fy_node op_ints(op_test *t, int64_t n, const int32_t *v);
fy_node op_floats(op_test *t, fy_shape s, const float *v);

#endif

/* op_check.h: builds a small graph from a table row and holds its values and gradients against the
 * reference device and against finite differences. */
#ifndef OP_CHECK_H
#define OP_CHECK_H

#include "graph/backward.h"
#include "graph/kernel.h"
#include "graph/ops/attr.h"
#include "support/support.h"

#include <ferry/nn.h>

/* The graph under construction and the parameters made for it. Values are multiples of 1/1024, so
 * that a step of 1/4096 is exact in f32 and finite differences are limited by double precision
 * only. */
typedef struct op_test {
    fy_graph *g;
    fy_param *params[24];
    int n_params;
    bool is_lent[24]; /* the parameter has another owner */
    uint64_t seed;
    void (*on_end)(void *arg); /* frees what the graph was built with; optional */
    void *arg;
} op_test;

typedef fy_node (*op_build)(op_test *t, const void *row);

/* A parameter with values in (lo, hi); the gradient with respect to it is checked. */
fy_node op_param(op_test *t, fy_shape s, float lo, float hi);
/* The same, but all values at least 1/64 apart from each other and from `kink`: for max, relu,
 * clip. */
fy_node op_param_apart(op_test *t, fy_shape s, float kink);
/* The same with these values. */
fy_node op_param_of(op_test *t, fy_shape s, const float *values);
/* The gradient is checked with respect to every parameter of m too, whose values are rounded to multiples of 1/1024. */
void op_lend_model(op_test *t, fy_model *m);
/* Frees what was made for the graph, and the graph. */
void op_test_end(op_test *t);
/* Fixed class numbers 0..k-1. */
fy_node op_labels(op_test *t, int64_t n, int64_t k);

/* "cpu" at precision FY_BF16, where a device is named; the test is skipped where it has none. */
#define OP_CPU_BF16 "cpu, bf16"

/* `device`'s values of the built node against "ref": |a - b| <= rtol * (max |b| + |b|). */
void op_check_forward(op_build build, const void *row, const char *device, double rtol);
/* "ref"'s gradients, in double, against central differences of sum(node * fixed random weights). */
void op_check_gradient(op_build build, const void *row);
/* `device`'s gradients against "ref"'s. */
void op_check_gradient_on(op_build build, const void *row, const char *device, double rtol);
/* "ref"'s and "cpu"'s values are these n numbers: |a - b| <= 1e-6 * (max |b| + |b|). */
void op_check_values(op_build build, const void *row, const double *expected, int64_t n);
/* Two ways to say the same give the same values on "ref", and on `device`. */
void op_check_same(op_build build, op_build other, const void *row, const char *device, double rtol);
/* The graph ends with this status and this whole sentence. */
void op_check_mistake(op_build build, const void *row, fy_status st, const char *sentence);

/* How a table's rows begin, for op_row_tests. */
typedef struct op_row {
    const char *name, *why;
    op_build build;
    double rtol; /* of "cpu" against "ref" */
} op_row;

enum { OP_ROW_TESTS = 5 };
/* Writes the tests of a row: values on "cpu", gradients on "ref" against differences, gradients on
 * "cpu", both on "cpu" with bf16. The row is each test's state. */
void op_row_tests(const op_row *row, struct CMUnitTest *tests);
/* Runs them for n rows of `bytes` each, then the other tests; what main returns. */
int op_run_rows(const char *group, const void *rows, size_t n, size_t bytes,
                const struct CMUnitTest *others, size_t n_others);

#endif

/* pid_gates.c: small tables whose decomposition is known. Of fair coins each variable is a function. */
#include "base/base.h"

#include <ferry/pid.h>

#include <string.h>

static unsigned bit(unsigned coins, int i)
{
    return coins >> i & 1;
}

/* Coins 0 .. make x1, x2 and y. */
static void set_and(unsigned c, unsigned v[3])
{
    v[0] = bit(c, 0);
    v[1] = bit(c, 1);
    v[2] = v[0] & v[1];
}

static void set_or(unsigned c, unsigned v[3])
{
    set_and(c, v);
    v[2] = v[0] | v[1];
}

static void set_xor(unsigned c, unsigned v[3])
{
    set_and(c, v);
    v[2] = v[0] ^ v[1];
}

static void set_sum(unsigned c, unsigned v[3])
{
    set_and(c, v);
    v[2] = v[0] + v[1];
}

static void set_copy(unsigned c, unsigned v[3])
{
    v[0] = v[1] = v[2] = bit(c, 0);
}

static void set_unique(unsigned c, unsigned v[3])
{
    set_and(c, v);
    v[2] = v[0];
}

static void set_unique2(unsigned c, unsigned v[3])
{
    set_and(c, v);
    v[2] = v[1];
}

static void set_pair(unsigned c, unsigned v[3])
{
    set_and(c, v);
    v[2] = c;
}

/* Coin 2 is in all three. */
static void set_rdnxor(unsigned c, unsigned v[3])
{
    set_xor(c, v);
    for (int i = 0; i < 3; i++)
        v[i] |= bit(c, 2) << 1;
}

/* And coins 3 and 4 in one variable each. */
static void set_all(unsigned c, unsigned v[3])
{
    set_rdnxor(c, v);
    v[0] |= bit(c, 3) << 2;
    v[1] |= bit(c, 4) << 2;
    v[2] |= bit(c, 3) << 2 | bit(c, 4) << 3;
}

static void set_nothing(unsigned c, unsigned v[3])
{
    set_and(c, v);
    v[2] = bit(c, 2);
}

static const struct gate {
    const char *name, *text;
    int n_coins, n1, n2, ny;
    void (*set)(unsigned coins, unsigned v[3]);
} gates[] = {
    { "and", "y = x1 and x2", 2, 2, 2, 2, set_and },
    { "or", "y = x1 or x2", 2, 2, 2, 2, set_or },
    { "xor", "y = x1 xor x2: all is synergy", 2, 2, 2, 2, set_xor },
    { "sum", "y = x1 + x2", 2, 2, 2, 3, set_sum },
    { "copy", "x1 = x2 = y: all is redundant", 1, 2, 2, 2, set_copy },
    { "unique", "y = x1: all is unique to x1", 2, 2, 2, 2, set_unique },
    { "unique2", "y = x2: all is unique to x2", 2, 2, 2, 2, set_unique2 },
    { "pair", "y = (x1, x2): a bit is unique to each", 2, 2, 2, 4, set_pair },
    { "rdnxor", "a redundant bit, and the xor of another of each", 3, 4, 4, 4, set_rdnxor },
    { "all", "a redundant bit, a unique one of each, and a xor", 5, 8, 8, 16, set_all },
    { "nothing", "y is independent of x1 and x2", 3, 2, 2, 2, set_nothing },
};

const char *const *fy_pid_gate_names(void)
{
    static _Thread_local const char *names[FYI_LEN(gates) + 1];

    for (size_t i = 0; i < FYI_LEN(gates); i++)
        names[i] = gates[i].name;
    return names;
}

static void fill(const struct gate *g, fy_pid_gate *out)
{
    *out = (fy_pid_gate){ g->name, g->text, g->n1, g->n2, g->ny, { 0 } };
    for (unsigned c = 0; c < 1u << g->n_coins; c++) {
        unsigned v[3];

        g->set(c, v);
        out->p[(v[2] * (unsigned)g->n1 + v[0]) * (unsigned)g->n2 + v[1]] +=
            1.0 / (double)(1u << g->n_coins);
    }
}

fy_status fy_pid_gate_make(const char *name, fy_pid_gate *out)
{
    const char *near = fyi_nearest(name, fy_pid_gate_names());

    *out = (fy_pid_gate){ 0 };
    for (size_t i = 0; i < FYI_LEN(gates); i++)
        if (strcmp(name, gates[i].name) == 0) {
            fill(&gates[i], out);
            return FY_OK;
        }
    if (near != NULL)
        return fyi_fail(FY_EINVAL, "no gate is called '%s'; did you mean '%s'?", name, near);
    return fyi_fail(FY_EINVAL, "no gate is called '%s'; there are and, or, xor, copy, unique ...",
                    name);
}

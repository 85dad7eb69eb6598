/* methods.c: the ways to carry a model to a target without labels, one file each. */
#include "methods/carry/carry.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const carry_method *const all[] = {
    &carry_adabn,    &carry_tent,      &carry_coral,  &carry_mmd,  &carry_jan,
    &carry_dann,     &carry_cdan,      &carry_cdan_e, &carry_mcd,  &carry_mdd,
    &carry_mcc,      &carry_afn,       &carry_bnm,    &carry_shot, &carry_self_training,
    &carry_subspace, &carry_transport,
};
#define N_METHODS (sizeof all / sizeof *all)

const char *const *fy_adapt_methods(void)
{
    static _Thread_local const char *names[N_METHODS + 1];
    for (size_t i = 0; i < N_METHODS; i++)
        names[i] = all[i]->name;
    return names;
}

static const carry_method *find(const char *name)
{
    for (size_t i = 0; name && i < N_METHODS; i++)
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    return NULL;
}

const char *fy_adapt_method_text(const char *method)
{
    const carry_method *m = find(method);
    return m ? m->text : NULL;
}

double fy_adapt_method_trade_off(const char *method)
{
    const carry_method *m = find(method);
    return m ? m->trade_off : NAN;
}

bool fy_adapt_method_spares_source(const char *method)
{
    const carry_method *m = find(method);
    return m && (m->flags & CARRY_SOURCE_FREE);
}

/* The names in one text: there are few enough to be shown. */
static const char *names_text(char *text, size_t bytes)
{
    size_t n = 0;
    for (size_t i = 0; i < N_METHODS && n < bytes; i++)
        n += (size_t)snprintf(text + n, bytes - n, "%s%s", i ? ", " : "", all[i]->name);
    return text;
}

fy_status carry_method_find(const char *name, const carry_method **out)
{
    char text[256];
    *out = find(name);
    return *out ? FY_OK
                : fy_error(FY_EINVAL, "adapt: no method is called '%.80s'; there are %s",
                           name ? name : "", names_text(text, sizeof text));
}

/* registry.c: which kernel runs a node. Lists stand best first and `ref` last; the first that takes the node
 * as it is described runs it. */
#include "backend/backend.h"

#include <stdlib.h>
#include <string.h>

/* ---- the lists of a device ----------------------------------------------------------------------- */

typedef struct kernel_list {
    const char *name;
    const char *device; /* the only device that has it; NULL: every device */
    const fyi_kernel *const *kernels;
} kernel_list;

static const kernel_list lists[] = {
    { "native", "cpu", fyi_native_kernels },
#ifdef FYI_HAVE_ONEDNN
    { "onednn", "cpu", fyi_onednn_kernels },
#endif
    { "ref", NULL, fyi_ref_kernels },
};

/* True if `word` stands in `words`, which commas separate. */
static bool names(const char *words, const char *word, size_t len)
{
    for (const char *p = words; *p;) {
        const size_t n = strcspn(p, ",");
        if (n == len && strncmp(p, word, len) == 0)
            return true;
        p += n + (p[n] == ',');
    }
    return false;
}

static bool is_on(const kernel_list *l, const char *device, const char *only)
{
    if (l->device && strcmp(l->device, device) != 0)
        return false;
    /* Without the last resort a device could not run every graph. */
    return !only || !l->device || names(only, l->name, strlen(l->name));
}

/* A misspelt list would silently leave the fast kernels out. */
static fy_status check_only(const char *only)
{
    for (const char *p = only ? only : ""; *p;) {
        const size_t n = strcspn(p, ",");
        bool known = names("native,onednn", p, n); /* also where this build lacks them */
        for (size_t i = 0; i < FYI_LEN(lists); i++)
            known |= names(lists[i].name, p, n);
        if (!known)
            return fyi_fail(FY_EINVAL,
                            "FY_KERNELS names '%.*s'; the lists are native, onednn and ref", (int)n,
                            p);
        p += n + (p[n] == ',');
    }
    return FY_OK;
}

/* Appends the kernels of l to `to` and returns how many; only counts where `to` is NULL. */
static size_t take(const kernel_list *l, const fyi_kernel **to)
{
    size_t n = 0;
    for (const fyi_kernel *const *k = l->kernels; *k; k++)
        if ((*k)->op) {
            if (to)
                to[n] = *k;
            n++;
        }
    return n;
}

fy_status fyi_kernels_of(const char *name, const fyi_kernel ***out)
{
    const char *only = getenv("FY_KERNELS");
    size_t n = 0;
    *out = NULL;
    FYI_FORWARD(check_only(only));
    for (size_t i = 0; i < FYI_LEN(lists); i++)
        n += is_on(&lists[i], name, only) ? take(&lists[i], NULL) : 0;
    const fyi_kernel **kernels = fyi_calloc(n + 1, sizeof *kernels);
    if (!kernels)
        return fyi_enomem((n + 1) * sizeof *kernels, "a device's list of kernels");
    n = 0;
    for (size_t i = 0; i < FYI_LEN(lists); i++)
        n += is_on(&lists[i], name, only) ? take(&lists[i], kernels + n) : 0;
    *out = kernels;
    return FY_OK;
}

/* ---- choosing ------------------------------------------------------------------------------------- */

/* A site with descriptions of its own: kernels change it before they decline. */
static bool copy_site(fyi_site *c, const fyi_site *s)
{
    const size_t n = (size_t)s->n_src + (size_t)s->n_dst;
    fyi_desc *desc = fyi_calloc(FYI_MAX(n, (size_t)1), sizeof *desc);
    *c = *s;
    c->src = desc;
    c->dst = desc ? desc + s->n_src : NULL;
    if (!desc)
        return false;
    memcpy(c->src, s->src, (size_t)s->n_src * sizeof *desc);
    memcpy(c->dst, s->dst, (size_t)s->n_dst * sizeof *desc);
    return true;
}

static void restore(const fyi_site *c, fyi_site *s)
{
    fyi_desc *src = s->src, *dst = s->dst;
    memcpy(src, c->src, (size_t)s->n_src * sizeof *src);
    memcpy(dst, c->dst, (size_t)s->n_dst * sizeof *dst);
    *s = *c;
    s->src = src;
    s->dst = dst;
}

static bool is_fast(const fyi_kernel *k)
{
    return k && strcmp(k->name, "ref") != 0;
}

/* Most kernels know one floating type: what is stored as bf16 is offered to them as the copy they would get. */
static void widen_sources(const fy_device *dev, fyi_site *site)
{
    for (int i = 0; i < site->n_src; i++)
        if (site->src[i].dtype == FY_BF16)
            site->src[i].dtype = dev->float_store;
}

/* The first from *k on, which is left after it; NULL if none is left. */
static const fyi_kernel *next_that_takes(fy_device *dev, fyi_site *site, const fyi_site *before,
                                         const fyi_kernel *const **k)
{
    while (**k) {
        const fyi_kernel *here = *(*k)++;
        if (here->op != site->op)
            continue;
        if (!here->any_float)
            widen_sources(dev, site);
        if (here->propose(dev, site))
            return here;
        restore(before, site);
    }
    return NULL;
}

static const fyi_kernel *first_that_takes(fy_device *dev, fyi_site *site, const fyi_site *before)
{
    const fyi_kernel *const *k = dev->kernels;
    return next_that_takes(dev, site, before, &k);
}

static void offer_at_f32(const fy_device *dev, fyi_site *site, fyi_site *before)
{
    restore(before, site);
    before->precision = site->precision = FY_F32;
    widen_sources(dev, site);
}

static const fyi_kernel *first_fast(fy_device *dev, fyi_site *site, fyi_site *before)
{
    const fyi_kernel *found = first_that_takes(dev, site, before);
    if (site->precision == FY_BF16 && !is_fast(found)) {
        offer_at_f32(dev, site, before);
        found = first_that_takes(dev, site, before);
    }
    return found;
}

/* All fast kernels that take the site at its precision, appended to the list; false without memory. */
static bool add_proposals(fy_device *dev, fyi_site *site, const fyi_site *before,
                          fyi_proposal *list, size_t *n)
{
    const fyi_kernel *const *k = dev->kernels;
    const fyi_kernel *found;
    while (*n < FYI_MAX_PROPOSALS && (found = next_that_takes(dev, site, before, &k)) != NULL) {
        if (is_fast(found)) {
            list[*n].kernel = found;
            if (!copy_site(&list[*n].site, site))
                return false;
            ++*n;
        }
        restore(before, site);
    }
    return true;
}

static const fyi_kernel *fastest(fy_device *dev, fyi_site *site, fyi_site *before)
{
    fyi_proposal list[FYI_MAX_PROPOSALS];
    const fyi_site offered = *before;
    size_t n = 0;
    bool ok = add_proposals(dev, site, before, list, &n);
    if (ok && site->precision == FY_BF16) {
        offer_at_f32(dev, site, before);
        ok = add_proposals(dev, site, before, list, &n);
    }
    *before = offered;
    restore(before, site);
    const fyi_kernel *found = NULL;
    if (ok && n > 1) {
        const size_t chosen = fyi_fastest(dev, before, list, n);
        found = list[chosen].kernel;
        restore(&list[chosen].site, site);
    }
    for (size_t i = 0; i < n; i++)
        fyi_free(list[i].site.src);
    return found ? found : first_fast(dev, site, before);
}

static const fyi_kernel *find(fy_device *dev, fyi_site *site, bool is_timed)
{
    fyi_site before;
    if (!copy_site(&before, site)) {
        (void)fyi_enomem(sizeof before, "choosing a kernel");
        return NULL;
    }
    const fyi_kernel *found =
        is_timed ? fastest(dev, site, &before) : first_fast(dev, site, &before);
    fyi_free(before.src);
    return found;
}

const fyi_kernel *fyi_kernel_find(fy_device *dev, fyi_site *site)
{
    return find(dev, site, dev->times && fyi_is_timed(site));
}

bool fyi_kernel_is_fast(fy_device *dev, fy_dtype precision, const fy_graph *g, const fyi_node *n)
{
    const size_t n_ends = (size_t)n->n_src + (size_t)n->n_dst;
    fyi_desc *desc = fyi_calloc(FYI_MAX(n_ends, (size_t)1), sizeof *desc);
    const fyi_kernel *k = NULL;
    if (desc) {
        for (int i = 0; i < n->n_src; i++)
            desc[i] = fyi_desc_stored(dev, &fyi_value_of(g, n->src[i])->spec);
        for (int j = 0; j < n->n_dst; j++)
            desc[n->n_src + j] = fyi_desc_stored(dev, &fyi_value_of(g, n->dst + j)->spec);
        fyi_site site = { .op = n->op,
                          .attr = n->attr,
                          .name = n->name,
                          .precision = precision,
                          .n_src = n->n_src,
                          .n_dst = n->n_dst,
                          .src = desc,
                          .dst = desc + n->n_src };
        k = find(dev, &site, false);
    }
    fyi_free(desc);
    return is_fast(k);
}

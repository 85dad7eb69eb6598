/* groups.c: a model's parameters in groups from its head to its input. */
#include "groups.h"

#include "freeze.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool begins(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

/* "features.7.0.weight" goes on at "7.0.weight": torchvision's sequences. */
static const char *within(const char *name)
{
    static const char *const sequences[] = { "features.", "classifier." };
    for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++)
        if (begins(name, sequences[i]))
            return name + strlen(sequences[i]);
    return name;
}

/* How much of a parameter's name says which block it is of. */
static size_t block_length(const char *name)
{
    const char *rest = within(name);
    return (size_t)(rest - name) + strcspn(rest, ".");
}

static bool is_same_block(const char *before, const char *name)
{
    const size_t n = block_length(name);
    return begins(within(name), "bn") || begins(within(name), "norm") ||
           (block_length(before) == n && strncmp(before, name, n) == 0);
}

/* Of the last layer, or of what the edit made that made the last layer. */
static bool is_of_head(const fy_model *m, int i)
{
    const int at = fy_model_count(m) - 1;
    const char *last = fy_model_param_name(m, at), *name = fy_model_param_name(m, i),
               *made_last = fy_model_param_edit(m, at), *made = fy_model_param_edit(m, i);
    const size_t head = (size_t)(strrchr(last, '.') ? strrchr(last, '.') - last + 1 : 0);
    return (strncmp(name, last, head) == 0 && strchr(name + head, '.') == NULL) ||
           (made_last && made && strcmp(made, made_last) == 0);
}

/* block[i]: of parameter i, counted from the input. The head is a block of its own. Returns how many. */
static int find_blocks(const fy_model *m, int *block)
{
    const int count = fy_model_count(m);
    int n = 0;
    for (int i = 0; i < count; i++) {
        const char *name = fy_model_param_name(m, i);
        const bool is_head = is_of_head(m, i);
        if (i == 0 || (is_head && block[i - 1] != -1) ||
            (!is_head && !is_same_block(fy_model_param_name(m, i - 1), name)))
            n++;
        block[i] = is_head ? -1 : n - 1;
    }
    return n;
}

static int group_of(int block, int n_blocks, int n_body)
{
    return block < 0 || n_blocks < 1 ? 0 : 1 + (n_blocks - 1 - block) * n_body / n_blocks;
}

fy_status groups_of(fy_model *m, int body, groups *g)
{
    const int count = fy_model_count(m);
    *g = (groups){ .m = m };
    if (body < 1 || body >= GROUPS_MAX)
        return fy_error(FY_EINVAL, "%d groups of layers before the head; expected 1 to %d", body,
                        GROUPS_MAX - 1);
    g->group = calloc((size_t)count + 1, sizeof *g->group);
    if (!g->group)
        return fy_error(FY_ENOMEM, "no memory for groups of layers");
    const int n_blocks = find_blocks(m, g->group) - 1; /* without the head */
    const int n_body = body < n_blocks ? body : n_blocks;
    g->n = 1 + n_body;
    for (int i = 0; i < count; i++)
        g->group[i] = group_of(g->group[i], n_blocks, n_body);
    return FY_OK;
}

void groups_release(groups *g)
{
    free(g->group);
    *g = (groups){ 0 };
}

const char *groups_name(int group, char buf[8])
{
    snprintf(buf, 8, "g%d", group);
    return buf;
}

/* Globs that match themselves: no name has a '*', '?' or '!' in it. */
static char *names_of(const groups *g, int n_open)
{
    size_t bytes = 1, at = 0;
    for (int i = 0; i < fy_model_count(g->m); i++)
        bytes += strlen(fy_model_param_name(g->m, i)) + 1;
    char *names = calloc(1, bytes);
    for (int i = 0; names && i < fy_model_count(g->m); i++)
        if (g->group[i] < n_open)
            at += (size_t)snprintf(names + at, bytes - at, "%s ", fy_model_param_name(g->m, i));
    return names;
}

char *groups_moves(const groups *g, int n_open, const char *freeze)
{
    char *names = names_of(g, n_open);
    char *moves = names ? freeze_from(names, freeze) : NULL;
    free(names);
    return moves;
}

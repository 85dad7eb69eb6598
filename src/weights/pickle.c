/* pickle.c: the stack machine (Python's Lib/pickletools.py describes the opcodes).
 *
 *   stack   values; a mark remembers a height, and nothing below the newest mark can be reached
 *   memo    values by number, for those that are used again
 *
 * Every opcode costs at least a byte of the file and makes at most one value, and their number is limited, so
 * memory is bounded by the file. Nothing here recurses. */
#include "weights/pickle.h"

#include <string.h>

#define MAX_VALUES ((size_t)4 << 20) /* a network's dictionary has some thousands */
#define MAX_WORD 255                 /* of a module's or a function's name */
#define WINDOW 4096u

typedef struct machine machine;

typedef struct opcode {
    const char *name;
    fy_status (*run)(machine *m, int arg); /* NULL: refused by name */
    int arg;
} opcode;

struct machine {
    const fyi_infile *file;
    uint64_t at, end;
    uint64_t window_at; /* what `window` holds */
    size_t window_bytes;
    const fyi_pickle_hooks *hooks;
    fyi_arena *arena;
    fyi_value **stack, **memo;
    size_t n, cap, n_memo, cap_memo, n_values;
    size_t *marks;
    size_t n_marks, cap_marks;
    uint8_t window[WINDOW];
};

static fy_status bad(const machine *m, const char *what)
{
    return fyi_fail(FY_EFORMAT, "'%s': the pickle at byte %llu %s; the file is damaged",
                    fyi_infile_name(m->file), (unsigned long long)m->at, what);
}

/* ---- bytes ------------------------------------------------------------------------------------------------- */

static fy_status check_left(const machine *m, uint64_t bytes)
{
    return bytes <= m->end - m->at ? FY_OK : bad(m, "ends in the middle");
}

/* The next n <= WINDOW bytes, lent until the next call. */
static fy_status take(machine *m, size_t n, const uint8_t **out)
{
    FYI_FORWARD(check_left(m, n));
    if (m->at < m->window_at || m->at + n > m->window_at + m->window_bytes) {
        m->window_at = m->at;
        m->window_bytes = (size_t)FYI_MIN(m->end - m->at, WINDOW);
        FYI_FORWARD(fyi_infile_read(m->file, m->at, m->window, m->window_bytes));
    }
    *out = m->window + (m->at - m->window_at);
    m->at += n;
    return FY_OK;
}

/* A little-endian number of 1 to 8 bytes. */
static fy_status take_number(machine *m, int bytes, uint64_t *out)
{
    const uint8_t *p;

    FYI_FORWARD(take(m, (size_t)bytes, &p));
    *out = 0;
    for (int i = bytes - 1; i >= 0; i--)
        *out = *out << 8 | p[i];
    return FY_OK;
}

/* n bytes and a NUL in the arena. */
static fy_status take_text(machine *m, uint64_t n, const char **out)
{
    char *text;

    FYI_FORWARD(check_left(m, n));
    text = fyi_arena_alloc(m->arena, (size_t)n + 1);
    if (!text)
        return fyi_enomem((size_t)n, "a text of a pickle");
    *out = text;
    FYI_FORWARD(fyi_infile_read(m->file, m->at, text, (size_t)n));
    m->at += n;
    return FY_OK;
}

static fy_status take_word(machine *m, char word[MAX_WORD + 1])
{
    const uint8_t *p;

    for (int i = 0; i <= MAX_WORD; i++) {
        FYI_FORWARD(take(m, 1, &p));
        word[i] = (char)*p;
        if (*p == '\n') {
            word[i] = '\0';
            return FY_OK;
        }
    }
    return bad(m, "has a name without an end");
}

/* ---- the stack ------------------------------------------------------------------------------------------------ */

static fy_status push(machine *m, fyi_value *v)
{
    if (m->n == MAX_VALUES)
        return bad(m, "is nested beyond all measure");
    FYI_FORWARD(fyi_grow(&m->stack, &m->cap, m->n + 1, sizeof(*m->stack)));
    m->stack[m->n++] = v;
    return FY_OK;
}

static fy_status push_new(machine *m, fyi_kind kind, fyi_value **out)
{
    *out = NULL;
    if (m->n_values++ == MAX_VALUES)
        return fyi_fail(FY_EFORMAT, "'%s': a pickle of more than %zu values; save the weights alone",
                        fyi_infile_name(m->file), MAX_VALUES);
    *out = fyi_arena_alloc(m->arena, sizeof **out);
    if (!*out)
        return fyi_enomem(sizeof **out, "a value of a pickle");
    (*out)->kind = kind;
    return push(m, *out);
}

static size_t floor_of(const machine *m)
{
    return m->n_marks > 0 ? m->marks[m->n_marks - 1] : 0;
}

static fy_status pop(machine *m, fyi_value **out)
{
    if (m->n <= floor_of(m))
        return bad(m, "takes from an empty stack");
    *out = m->stack[--m->n];
    return FY_OK;
}

static fy_status top_of(const machine *m, fyi_kind kind, fyi_value **out)
{
    if (m->n <= floor_of(m))
        return bad(m, "takes from an empty stack");
    *out = m->stack[m->n - 1];
    return (*out)->kind == kind ? FY_OK : bad(m, "adds to a value that holds no others");
}

/* Takes the newest mark away; what was above it is stack[*from .. n). */
static fy_status pop_mark(machine *m, size_t *from)
{
    if (m->n_marks == 0)
        return bad(m, "misses a mark");
    *from = m->marks[--m->n_marks];
    return FY_OK;
}

/* ---- containers --------------------------------------------------------------------------------------------- */

/* Grown arrays stay behind in the arena: they double, so that is as much again. */
static fy_status append(machine *m, fyi_value *v, fyi_value *const *items, size_t n, size_t used)
{
    if (used + n > v->cap) {
        const size_t cap = FYI_MAX(used + n, v->cap * 2);
        fyi_value **grown = fyi_arena_alloc(m->arena, cap * sizeof *grown);

        if (!grown)
            return fyi_enomem(cap * sizeof *grown, "a value of a pickle");
        if (used > 0)
            memcpy(grown, v->items, used * sizeof *grown);
        v->items = grown;
        v->cap = cap;
    }
    if (n > 0)
        memcpy(v->items + used, items, n * sizeof *items);
    return FY_OK;
}

static fy_status add_items(machine *m, fyi_value *list, size_t from)
{
    const size_t n = m->n - from;

    FYI_FORWARD(append(m, list, m->stack + from, n, list->n));
    list->n += n;
    m->n = from;
    return FY_OK;
}

static fy_status add_pairs(machine *m, fyi_value *dict, size_t from)
{
    const size_t n = m->n - from;

    if (n % 2 != 0)
        return bad(m, "has a key without a value");
    FYI_FORWARD(append(m, dict, m->stack + from, n, 2 * dict->n));
    dict->n += n / 2;
    m->n = from;
    return FY_OK;
}

static fy_status make_tuple(machine *m, size_t from)
{
    const size_t n = m->n - from;
    fyi_value *v;

    FYI_FORWARD(push_new(m, FYI_TUPLE, &v));
    FYI_FORWARD(append(m, v, m->stack + from, n, 0));
    v->n = n;
    m->stack[from] = v;
    m->n = from + 1;
    return FY_OK;
}

/* ---- opcodes: marks, the memo, frames -------------------------------------------------------------------------- */

static fy_status op_proto(machine *m, int arg)
{
    uint64_t version;

    (void)arg;
    FYI_FORWARD(take_number(m, 1, &version));
    if (version >= 2 && version <= 5)
        return FY_OK;
    return fyi_fail(FY_EFORMAT, "'%s': a pickle of protocol %llu, read are 2 to 5",
                    fyi_infile_name(m->file), (unsigned long long)version);
}

/* Frames only help a reader to fetch ahead. */
static fy_status op_frame(machine *m, int arg)
{
    uint64_t bytes;

    (void)arg;
    FYI_FORWARD(take_number(m, 8, &bytes));
    return check_left(m, bytes);
}

static fy_status op_mark(machine *m, int arg)
{
    (void)arg;
    if (m->n_marks == MAX_VALUES)
        return bad(m, "is nested beyond all measure");
    FYI_FORWARD(fyi_grow(&m->marks, &m->cap_marks, m->n_marks + 1, sizeof *m->marks));
    m->marks[m->n_marks++] = m->n;
    return FY_OK;
}

static fy_status op_pop(machine *m, int arg)
{
    fyi_value *v;

    (void)arg;
    return pop(m, &v);
}

static fy_status op_pop_mark(machine *m, int arg)
{
    (void)arg;
    return pop_mark(m, &m->n);
}

static fy_status op_dup(machine *m, int arg)
{
    fyi_value *v;

    (void)arg;
    FYI_FORWARD(pop(m, &v));
    FYI_FORWARD(push(m, v));
    return push(m, v);
}

static fy_status remember(machine *m, uint64_t i)
{
    const size_t old = m->cap_memo;
    fyi_value *v;

    if (i >= MAX_VALUES)
        return bad(m, "remembers a value under too large a number");
    FYI_FORWARD(pop(m, &v));
    FYI_FORWARD(push(m, v));
    FYI_FORWARD(fyi_grow(&m->memo, &m->cap_memo, (size_t)i + 1, sizeof(*m->memo)));
    if (m->cap_memo > old)
        memset(m->memo + old, 0, (m->cap_memo - old) * sizeof(*m->memo));
    m->memo[i] = v;
    m->n_memo++;
    return FY_OK;
}

static fy_status op_put(machine *m, int bytes)
{
    uint64_t i;

    FYI_FORWARD(take_number(m, bytes, &i));
    return remember(m, i);
}

static fy_status op_memoize(machine *m, int arg)
{
    (void)arg;
    return remember(m, m->n_memo);
}

static fy_status op_get(machine *m, int bytes)
{
    uint64_t i;

    FYI_FORWARD(take_number(m, bytes, &i));
    if (i >= m->cap_memo || !m->memo[i])
        return bad(m, "asks for a value that it never remembered");
    return push(m, m->memo[i]);
}

/* ---- opcodes: values ------------------------------------------------------------------------------------------- */

static fy_status op_none(machine *m, int arg)
{
    fyi_value *v;

    (void)arg;
    return push_new(m, FYI_NONE, &v);
}

static fy_status op_bool(machine *m, int arg)
{
    fyi_value *v;

    FYI_FORWARD(push_new(m, FYI_BOOL, &v));
    v->i = arg;
    return FY_OK;
}

/* Only the one of four bytes has a sign. */
static fy_status op_int(machine *m, int bytes)
{
    uint64_t u;
    fyi_value *v;

    FYI_FORWARD(take_number(m, bytes, &u));
    FYI_FORWARD(push_new(m, FYI_INT, &v));
    v->i = bytes == 4 ? (int64_t)(int32_t)(uint32_t)u : (int64_t)u;
    return FY_OK;
}

/* Two's complement, little-endian, as short as it can be; 0 bytes are 0. */
static int64_t long_value(const char *p, size_t n)
{
    uint64_t u = n > 0 && (p[n - 1] & 0x80) != 0 ? UINT64_MAX : 0;

    for (size_t i = n; i-- > 0;)
        u = u << 8 | (uint8_t)p[i];
    return (int64_t)u;
}

static fy_status op_long(machine *m, int length_bytes)
{
    const char *p;
    uint64_t n;
    fyi_value *v;

    FYI_FORWARD(take_number(m, length_bytes, &n));
    FYI_FORWARD(take_text(m, n, &p));
    FYI_FORWARD(push_new(m, n > 8 ? FYI_LONG : FYI_INT, &v));
    v->n = (size_t)n;
    if (n > 8)
        v->text = p;
    else
        v->i = long_value(p, (size_t)n);
    return FY_OK;
}

/* Big-endian, unlike everything else in a pickle. */
static fy_status op_float(machine *m, int arg)
{
    const uint8_t *p;
    uint64_t u = 0;
    fyi_value *v;

    (void)arg;
    FYI_FORWARD(take(m, 8, &p));
    for (int i = 0; i < 8; i++)
        u = u << 8 | p[i];
    FYI_FORWARD(push_new(m, FYI_FLOAT, &v));
    memcpy(&v->f, &u, sizeof v->f);
    return FY_OK;
}

static fy_status op_text(machine *m, int length_bytes)
{
    const char *p;
    uint64_t n;
    fyi_value *v;

    FYI_FORWARD(take_number(m, length_bytes, &n));
    FYI_FORWARD(take_text(m, n, &p));
    FYI_FORWARD(push_new(m, FYI_TEXT, &v));
    v->text = p;
    v->n = (size_t)n;
    return FY_OK;
}

/* ---- opcodes: containers ------------------------------------------------------------------------------------------ */

static fy_status op_empty(machine *m, int kind)
{
    fyi_value *v;

    return push_new(m, (fyi_kind)kind, &v);
}

static fy_status op_tuple(machine *m, int arg)
{
    size_t from;

    (void)arg;
    FYI_FORWARD(pop_mark(m, &from));
    return make_tuple(m, from);
}

static fy_status op_tuple_of(machine *m, int n)
{
    if (m->n < floor_of(m) + (size_t)n)
        return bad(m, "takes from an empty stack");
    return make_tuple(m, m->n - (size_t)n);
}

static fy_status op_append(machine *m, int arg)
{
    fyi_value *v, *list;

    (void)arg;
    FYI_FORWARD(pop(m, &v));
    FYI_FORWARD(top_of(m, FYI_LIST, &list));
    FYI_FORWARD(append(m, list, &v, 1, list->n));
    list->n++;
    return FY_OK;
}

/* What lies under the mark is the container; both are checked while nothing is taken away yet. */
static fy_status find_marked(machine *m, fyi_kind kind, fyi_value **out, size_t *from)
{
    FYI_FORWARD(pop_mark(m, from));
    if (*from <= floor_of(m))
        return bad(m, "takes from an empty stack");
    *out = m->stack[*from - 1];
    return (*out)->kind == kind ? FY_OK : bad(m, "adds to a value that holds no others");
}

static fy_status op_appends(machine *m, int arg)
{
    fyi_value *list;
    size_t from;

    (void)arg;
    FYI_FORWARD(find_marked(m, FYI_LIST, &list, &from));
    return add_items(m, list, from);
}

static fy_status op_setitem(machine *m, int arg)
{
    fyi_value *dict;

    (void)arg;
    if (m->n < floor_of(m) + 3)
        return bad(m, "takes from an empty stack");
    dict = m->stack[m->n - 3];
    if (dict->kind != FYI_DICT)
        return bad(m, "adds to a value that holds no others");
    return add_pairs(m, dict, m->n - 2);
}

static fy_status op_setitems(machine *m, int arg)
{
    fyi_value *dict;
    size_t from;

    (void)arg;
    FYI_FORWARD(find_marked(m, FYI_DICT, &dict, &from));
    return add_pairs(m, dict, from);
}

/* ---- opcodes: what is asked for by name ----------------------------------------------------------------------------- */

static fy_status push_global(machine *m, const char *module, const char *name)
{
    const void *found = NULL;
    fyi_value *v;

    FYI_FORWARD(m->hooks->find(m->hooks->arg, module, name, &found));
    if (!found)
        return fyi_fail(
            FY_EFORMAT,
            "'%s' asks for '%.100s.%.100s', which Ferry neither knows nor runs: from a "
            "pickle it takes dictionaries, lists, texts, numbers and tensors only; save "
            "model.state_dict() alone, or as safetensors",
            fyi_infile_name(m->file), module, name);
    FYI_FORWARD(push_new(m, FYI_GLOBAL, &v));
    v->global = found;
    return FY_OK;
}

static fy_status op_global(machine *m, int arg)
{
    char module[MAX_WORD + 1], name[MAX_WORD + 1];

    (void)arg;
    FYI_FORWARD(take_word(m, module));
    FYI_FORWARD(take_word(m, name));
    return push_global(m, module, name);
}

static fy_status op_stack_global(machine *m, int arg)
{
    fyi_value *module, *name;

    (void)arg;
    FYI_FORWARD(pop(m, &name));
    FYI_FORWARD(pop(m, &module));
    if (module->kind != FYI_TEXT || name->kind != FYI_TEXT)
        return bad(m, "asks for a function by something that is no name");
    return push_global(m, module->text, name->text);
}

/* A function and its arguments become what the hook makes of them. */
static fy_status op_reduce(machine *m, int arg)
{
    fyi_value *args, *function, *v;

    (void)arg;
    FYI_FORWARD(pop(m, &args));
    FYI_FORWARD(pop(m, &function));
    if (function->kind != FYI_GLOBAL || args->kind != FYI_TUPLE)
        return bad(m, "calls something that is no function");
    FYI_FORWARD(push_new(m, FYI_NONE, &v));
    return m->hooks->call(m->hooks->arg, function->global, args, v);
}

/* Attributes of a dictionary or a tensor ("_metadata") are nothing that Ferry needs. */
static fy_status op_build(machine *m, int arg)
{
    fyi_value *state, *v;

    (void)arg;
    FYI_FORWARD(pop(m, &state));
    FYI_FORWARD(pop(m, &v));
    if (v->kind != FYI_DICT && v->kind != FYI_TENSOR)
        return bad(m, "gives attributes to a value that has none");
    return push(m, v);
}

static fy_status op_persistent(machine *m, int arg)
{
    fyi_value *id, *v;

    (void)arg;
    FYI_FORWARD(pop(m, &id));
    FYI_FORWARD(push_new(m, FYI_NONE, &v));
    return m->hooks->load(m->hooks->arg, id, v);
}

/* ---- the machine ---------------------------------------------------------------------------------------------------- */

#define STOP '.'

/* clang-format off */
static const opcode opcodes[256] = {
    [0x80] = { "PROTO", op_proto, 0 },         [0x95] = { "FRAME", op_frame, 0 },
    ['('] = { "MARK", op_mark, 0 },            ['0'] = { "POP", op_pop, 0 },
    ['1'] = { "POP_MARK", op_pop_mark, 0 },    ['2'] = { "DUP", op_dup, 0 },
    ['q'] = { "BINPUT", op_put, 1 },           ['r'] = { "LONG_BINPUT", op_put, 4 },
    ['h'] = { "BINGET", op_get, 1 },           ['j'] = { "LONG_BINGET", op_get, 4 },
    [0x94] = { "MEMOIZE", op_memoize, 0 },     ['N'] = { "NONE", op_none, 0 },
    [0x88] = { "NEWTRUE", op_bool, 1 },        [0x89] = { "NEWFALSE", op_bool, 0 },
    ['J'] = { "BININT", op_int, 4 },           ['K'] = { "BININT1", op_int, 1 },
    ['M'] = { "BININT2", op_int, 2 },          [0x8a] = { "LONG1", op_long, 1 },
    [0x8b] = { "LONG4", op_long, 4 },          ['G'] = { "BINFLOAT", op_float, 0 },
    ['T'] = { "BINSTRING", op_text, 4 },       ['U'] = { "SHORT_BINSTRING", op_text, 1 },
    ['X'] = { "BINUNICODE", op_text, 4 },      [0x8c] = { "SHORT_BINUNICODE", op_text, 1 },
    [0x8d] = { "BINUNICODE8", op_text, 8 },    [')'] = { "EMPTY_TUPLE", op_empty, FYI_TUPLE },
    ['t'] = { "TUPLE", op_tuple, 0 },          [0x85] = { "TUPLE1", op_tuple_of, 1 },
    [0x86] = { "TUPLE2", op_tuple_of, 2 },     [0x87] = { "TUPLE3", op_tuple_of, 3 },
    [']'] = { "EMPTY_LIST", op_empty, FYI_LIST }, ['a'] = { "APPEND", op_append, 0 },
    ['e'] = { "APPENDS", op_appends, 0 },      ['}'] = { "EMPTY_DICT", op_empty, FYI_DICT },
    ['s'] = { "SETITEM", op_setitem, 0 },      ['u'] = { "SETITEMS", op_setitems, 0 },
    ['c'] = { "GLOBAL", op_global, 0 },        [0x93] = { "STACK_GLOBAL", op_stack_global, 0 },
    ['R'] = { "REDUCE", op_reduce, 0 },        ['b'] = { "BUILD", op_build, 0 },
    ['Q'] = { "BINPERSID", op_persistent, 0 },

    /* Known, and not for data: objects, sets, bytes, and protocol 0's texts. */
    ['i'] = { "INST", NULL, 0 },               ['o'] = { "OBJ", NULL, 0 },
    [0x81] = { "NEWOBJ", NULL, 0 },            [0x92] = { "NEWOBJ_EX", NULL, 0 },
    [0x82] = { "EXT1", NULL, 0 },              [0x83] = { "EXT2", NULL, 0 },
    [0x84] = { "EXT4", NULL, 0 },              [0x8f] = { "EMPTY_SET", NULL, 0 },
    [0x90] = { "ADDITEMS", NULL, 0 },          [0x91] = { "FROZENSET", NULL, 0 },
    ['B'] = { "BINBYTES", NULL, 0 },           ['C'] = { "SHORT_BINBYTES", NULL, 0 },
    [0x8e] = { "BINBYTES8", NULL, 0 },         [0x96] = { "BYTEARRAY8", NULL, 0 },
    [0x97] = { "NEXT_BUFFER", NULL, 0 },       [0x98] = { "READONLY_BUFFER", NULL, 0 },
    ['I'] = { "INT", NULL, 0 },                ['L'] = { "LONG", NULL, 0 },
    ['F'] = { "FLOAT", NULL, 0 },              ['S'] = { "STRING", NULL, 0 },
    ['V'] = { "UNICODE", NULL, 0 },            ['p'] = { "PUT", NULL, 0 },
    ['g'] = { "GET", NULL, 0 },                ['P'] = { "PERSID", NULL, 0 },
    ['l'] = { "LIST", NULL, 0 },               ['d'] = { "DICT", NULL, 0 },
};
/* clang-format on */

static fy_status run_one(machine *m, uint8_t code)
{
    const opcode *o = &opcodes[code];

    if (!o->name)
        return bad(m, "has an opcode that does not exist");
    if (!o->run)
        return fyi_fail(
            FY_EFORMAT,
            "'%s': a pickle with the opcode %s, which plain weights do not need and Ferry "
            "does not run; save model.state_dict() alone, or as safetensors",
            fyi_infile_name(m->file), o->name);
    return o->run(m, o->arg);
}

static fy_status run(machine *m, fyi_value **out)
{
    const uint8_t *code;

    for (;;) {
        FYI_FORWARD(take(m, 1, &code));
        if (*code == STOP)
            break;
        FYI_FORWARD(run_one(m, *code));
    }
    if (m->n != 1 || m->n_marks != 0)
        return bad(m, "does not end with one value");
    *out = m->stack[0];
    return FY_OK;
}

fy_status fyi_pickle_read(const fyi_infile *f, uint64_t *at, uint64_t end,
                          const fyi_pickle_hooks *hooks, fyi_arena *arena, fyi_value **out)
{
    machine *m = fyi_calloc(1, sizeof *m);
    fy_status st;

    *out = NULL;
    if (!m)
        return fyi_enomem(sizeof *m, "reading a pickle");
    m->file = f;
    m->at = *at;
    m->end = FYI_MAX(*at, FYI_MIN(end, fyi_infile_bytes(f)));
    m->hooks = hooks;
    m->arena = arena;
    st = run(m, out);
    *at = m->at;
    fyi_free(m->marks);
    fyi_free(m->memo);
    fyi_free(m->stack);
    fyi_free(m);
    return st;
}

/* ---- looking at values -------------------------------------------------------------------------------------------------- */

bool fyi_value_is_text(const fyi_value *v, const char *text)
{
    return v->kind == FYI_TEXT && v->n == strlen(text) && memcmp(v->text, text, v->n) == 0;
}

const fyi_value *fyi_value_get(const fyi_value *d, const char *key)
{
    for (size_t i = d && d->kind == FYI_DICT ? d->n : 0; i-- > 0;)
        if (fyi_value_is_text(d->items[2 * i], key))
            return d->items[2 * i + 1];
    return NULL;
}

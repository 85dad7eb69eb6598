/* fuzz_run_dir.c: any bytes as data.json or result.json of a run that is resumed. The first byte says which, and of
 * which method. "@" stands for the hash without which nothing is looked at. */
#include "search/search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static fy_recipe *recipe(int i)
{
    static const char *const texts[] = {
        "method: adda\nsource: {format: digits}\ntarget: {format: digits}\n",
        "method: finetune\ntrain: {format: digits}\nmodel: {family: lenet}\n",
        "method: dgl\npart_1: {format: facts}\npart_2: {format: facts, modality: 1}\n",
    };
    static fy_recipe *made[FYI_LEN(texts)];

    if (made[i] == NULL && (fy_recipe_parse("fuzz", texts[i], strlen(texts[i]), &made[i]) != FY_OK ||
                            fy_recipe_check(made[i]) != FY_OK))
        abort();
    return made[i];
}

/* One side of four drawn digits. */
static const fyi_recipe_data *opened(void)
{
    static fyi_recipe_data d;
    fy_digits_opts o = fy_digits_defaults(FY_DIGITS_CLEAN);

    o.n = 4;
    if (d.side[FYI_SOURCE] == NULL && fy_digits_open(&o, &d.side[FYI_SOURCE]) != FY_OK)
        abort();
    return &d;
}

static void put_text(fyi_buf *b, const uint8_t *data, size_t size, const char *hash)
{
    for (size_t i = 0; i < size; i++)
        if (data[i] == '@')
            fyi_buf_puts(b, hash);
        else
            fyi_buf_append(b, &data[i], 1);
    fyi_buf_puts(b, "");
}

static fy_status read_data(const uint8_t *data, size_t size, fyi_buf *text)
{
    put_text(text, data, size, fy_dataset_view_hash(opened()->side[FYI_SOURCE]));
    return fyi_rundir_parse_data(opened(), "fuzz", text->p, text->len);
}

static fy_status read_result(const fyi_settings *s, const uint8_t *data, size_t size, fyi_buf *text)
{
    fy_recipe_result r = { 0 };
    char hash[65];
    double v;

    if (fyi_recipe_sha256(s, hash) != FY_OK)
        abort();
    put_text(text, data, size, hash);
    if (fyi_figure_parse("fuzz", text->p, text->len, "kind.accuracy", &v) == FY_OK && isinf(v))
        abort();
    return fyi_rundir_parse_result(s, "fuzz", text->p, text->len, &r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fyi_buf text = { 0 };
    fy_status st;

    if (size == 0)
        return 0;
    if (data[0] % 4 == 2)
        st = read_data(data + 1, size - 1, &text);
    else
        st = read_result(&recipe(data[0] % 4 == 3 ? 2 : data[0] % 4)->settings, data + 1, size - 1,
                         &text);
    if (st != FY_OK && fy_last_error()[0] == '\0')
        abort();
    fyi_buf_release(&text);
    return 0;
}

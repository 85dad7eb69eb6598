/* show_origin.c: what it takes to do the run again: its recipe, its data by hash, its versions. */
#include "report/report.h"

#include <string.h>

/* A line of YAML: the key, and from a '#' on the remark, stand out. */
static void put_line(fyi_buf *b, const char *line, size_t n)
{
    char text[512];
    const char *colon, *remark;
    size_t key;

    n = FYI_MIN(n, sizeof text - 1);
    memcpy(text, line, n);
    text[n] = '\0';
    colon = strchr(text, ':');
    remark = text[0] == '#' ? text : strstr(text, " #");
    key = colon != NULL && (remark == NULL || colon < remark) &&
                  strchr("\"'-", text[strspn(text, " ")]) == NULL
              ? (size_t)(colon - text)
              : 0;
    if (key > 0) {
        text[key] = '\0';
        fyi_html(b, "<b>@</b>:", text);
        key++;
    }
    if (remark != NULL) {
        char *cut = text + (remark - text);
        const char first = *cut;

        *cut = '\0';
        fyi_html_text(b, text + key);
        *cut = first;
        fyi_html(b, "<i>@</i>\n", remark);
    } else {
        fyi_html(b, "@\n", text + key);
    }
}

static void put_recipe(const fyi_report *r, fyi_buf *b)
{
    if (r->recipe == NULL)
        return;
    fyi_html(b, "<details class=\"card\">\n<summary>The recipe, resolved: @</summary>\n<pre><code>",
             r->versus.is_there   ? "comparing it again is the same comparison"
             : r->trials.is_there ? "searching it again goes on with the same study"
                                  : "running it again is the same run");
    for (const char *at = r->recipe; *at != '\0';) {
        const size_t n = strcspn(at, "\n");

        put_line(b, at, n);
        at += n + (at[n] == '\n');
    }
    fyi_buf_puts(b, "</code></pre>\n</details>\n");
}

static void put_data(const fyi_report *r, fyi_buf *b)
{
    if (r->data.n == 0)
        return;
    fyi_buf_puts(b, "<div class=\"card scroll\">\n<h3>Data</h3>\n<table "
                    "class=\"left\">\n<thead><tr><th scope=\"col\">side</th>"
                    "<th scope=\"col\">samples</th><th scope=\"col\">what</th><th "
                    "scope=\"col\">SHA-256</th></tr></thead>\n"
                    "<tbody>\n");
    for (size_t i = 0; i < r->data.n; i++) {
        const fyi_fact *f = &r->data.v[i];

        fyi_html(
            b, "<tr><th scope=\"row\">@</th><td>@</td><td>@</td><td><code class=\"hash\">@</code></td></tr>\n",
            f->name, f->n >= 0 ? fyi_whole(f->n).s : "\xE2\x80\x93", f->text, f->value);
    }
    fyi_buf_puts(b, "</tbody>\n</table>\n");
    for (size_t i = 0; i < r->warnings.n; i++)
        fyi_html(b, "<p class=\"odd\">@</p>\n", r->warnings.v[i].text);
    fyi_buf_puts(b, "</div>\n");
}

static void put_versions(const fyi_report *r, fyi_buf *b)
{
    if (r->versions.n == 0)
        return;
    fyi_buf_puts(b, "<div class=\"card\">\n<h3>Versions</h3>\n<dl class=\"facts small\">\n");
    for (size_t i = 0; i < r->versions.n; i++)
        fyi_html(b, "<div><dt>@</dt><dd>@</dd></div>\n", r->versions.v[i].name,
                 r->versions.v[i].value);
    fyi_buf_puts(b, "</dl>\n</div>\n");
}

void fyi_show_origin(fyi_report *r, fyi_buf *b)
{
    if (r->eval.is_there && !r->result.is_there && !r->versus.is_there)
        return;
    fyi_section_begin(b, "origin", "Doing it again",
                      r->versus.is_there
                          ? "The same recipe and data give the same comparison. Data, versions and "
                            "sample numbers are in the directory of each run."
                      : r->trials.is_there
                          ? "One worker with the same recipe and data begins the same trials with "
                            "the same results. Data, versions and sample numbers are in the "
                            "directory of each run."
                          : "The same recipe, data and seed give the same run. Sample numbers of "
                            "every split are in the run's directory, under data/.");
    put_recipe(r, b);
    put_data(r, b);
    put_versions(r, b);
    fyi_section_end(b);
}

/* runs_table.c: many runs as a table: what each is, its figures, and the settings that are not the same in all. A plain table
 * without its script; with it, columns sort and rows are filtered. */
#include "report/runs.h"

#include <math.h>
#include <string.h>

static void put_column(fyi_buf *b, const char *name)
{
    fyi_html(b, "<th scope=\"col\" data-c=\"@\">@</th>", name, name);
}

static void put_columns(const fyi_runs *runs, fyi_buf *b)
{
    static const char *const fixed[] = { "run", "recipe", "method", "seed" };

    for (size_t i = 0; i < FYI_LEN(fixed); i++)
        put_column(b, fixed[i]);
    for (size_t i = 0; i < runs->n_figures; i++)
        put_column(b, runs->figures[i]);
    for (size_t i = 0; i < runs->n_settings; i++)
        put_column(b, runs->settings[i]);
    put_column(b, "seconds");
}

/* The whole value is what the script sorts by. */
static void put_number(fyi_buf *b, double v, bool is_time)
{
    if (!isfinite(v)) {
        fyi_buf_puts(b, "<td>\xE2\x80\x93</td>");
        return;
    }
    fyi_buf_puts(b, "<td data-v=\"");
    fyi_html_value(b, v);
    fyi_html(b, "\">@</td>", is_time ? fyi_duration(v).s : fyi_figure(v).s);
}

static void put_text(fyi_buf *b, const char *text)
{
    fyi_html(b, "<td>@</td>", text);
}

static const char *text_of(const fyi_one_run *run, const char *key)
{
    const char *text = json_string_value(json_object_get(run->result, key));

    return text != NULL ? text : "";
}

static void put_seed(fyi_buf *b, const fyi_one_run *run)
{
    const json_t *seed = json_object_get(run->result, "seed");

    put_text(b,
             json_is_integer(seed) ? fyi_plain(json_integer_value(seed)).s : text_of(run, "seed"));
}

static void put_run(const fyi_runs *runs, size_t i, fyi_buf *b)
{
    const fyi_one_run *run = &runs->v[i];

    fyi_html(b, "<tr data-run=\"@\"><th scope=\"row\">", fyi_plain((int64_t)i).s);
    if (run->link != NULL)
        fyi_html(b, "<a href=\"@\">@</a></th>", run->link, run->dir);
    else
        fyi_html(b, "@</th>", run->dir);
    put_text(b, text_of(run, "recipe"));
    put_text(b, text_of(run, "method"));
    put_seed(b, run);
    for (size_t k = 0; k < runs->n_figures; k++)
        put_number(b, fyi_run_figure(run, runs->figures[k]), false);
    for (size_t k = 0; k < runs->n_settings; k++)
        put_text(b, fyi_run_setting(run, runs->settings[k]));
    put_number(b, fyi_json_number(run->result, "seconds"), true);
    fyi_buf_puts(b, "</tr>\n");
}

void fyi_show_runs_table(fyi_runs *runs, fyi_buf *b)
{
    fyi_section_begin(
        b, "table", "The runs",
        "Figures that most runs have, and the settings that are not the same in all.");
    fyi_buf_puts(
        b,
        "<p class=\"filter\" hidden><label>Show <input type=\"search\" id=\"filter\" size=\"48\" "
        "placeholder=\"adda seed=3 test_accuracy&gt;0.8\" /></label> <span "
        "id=\"shown\"></span></p>\n<div class=\"card scroll\">\n<table "
        "class=\"runs\">\n<thead><tr>");
    put_columns(runs, b);
    fyi_buf_puts(b, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < runs->n; i++)
        put_run(runs, i, b);
    fyi_buf_puts(b, "</tbody>\n</table>\n</div>\n");
    fyi_section_end(b);
}

/* clang-format off */
static const char *const script[] = {
    "<script>\n(function(){'use strict';\n",
    "var table=document.querySelector('table.runs'),body=table.tBodies[0],heads=[].slice.call(table.tHead.rows[0].cells);\n",
    "var rows=[].slice.call(body.rows),filter=document.getElementById('filter'),shown=document.getElementById('shown');\n",
    "function cell(row,i){var c=row.cells[i],v=c.dataset.v;return v!==undefined?Number(v):c.textContent;}\n",
    "function number(x){return typeof x==='number'?x:x.trim()===''?NaN:Number(x);}\n",
    /* numbers before texts, what is missing last */
    "function compare(a,b){var x=number(a),y=number(b);if(!isNaN(x)&&!isNaN(y))return x-y;\n",
    "if(isNaN(x)!==isNaN(y))return isNaN(x)?1:-1;return String(a).localeCompare(String(b),undefined,{numeric:true});}\n",
    "heads.forEach(function(h,i){h.tabIndex=0;h.setAttribute('role','button');h.title='sort';\n",
    "function sort(){var down=h.getAttribute('aria-sort')==='ascending';\n",
    "heads.forEach(function(o){o.removeAttribute('aria-sort');});h.setAttribute('aria-sort',down?'descending':'ascending');\n",
    "rows.sort(function(p,q){return (down?-1:1)*compare(cell(p,i),cell(q,i));}).forEach(function(r){body.appendChild(r);});}\n",
    "h.addEventListener('click',sort);h.addEventListener('keydown',function(e){if(e.key==='Enter'||e.key===' '){e.preventDefault();sort();}});});\n",
    /* words; key=value, key<value, key>value */
    "function test(word){var m=/^([^=<>]+)(=|<|>)(.*)$/.exec(word),i=m?heads.findIndex(function(h){return h.dataset.c===m[1];}):-1;\n",
    "if(i<0)return function(row){return row.textContent.toLowerCase().indexOf(word.toLowerCase())>=0;};\n",
    "return function(row){var v=cell(row,i),x=number(v),y=number(m[3]);\n",
    "if(m[2]==='=')return String(v)===m[3]||x===y;return m[2]==='<'?x<y:x>y;};}\n",
    "function apply(){var tests=filter.value.split(/\\s+/).filter(Boolean).map(test),n=0;\n",
    "rows.forEach(function(row){var is=tests.every(function(t){return t(row);});row.hidden=!is;n+=is?1:0;\n",
    "document.querySelectorAll('g[data-run=\"'+row.dataset.run+'\"]').forEach(function(g){g.style.display=is?'':'none';});});\n",
    "shown.textContent=n+' of '+rows.length;}\n",
    "filter.addEventListener('input',apply);document.querySelector('.filter').hidden=false;apply();\n",
    /* a row's curves stand out */
    "rows.forEach(function(row){function mark(is){document.querySelectorAll('g[data-run=\"'+row.dataset.run+'\"]').forEach(function(g){\n",
    "g.classList.toggle('on',is);if(is)g.parentNode.appendChild(g);});}\n",
    "row.addEventListener('pointerenter',function(){mark(true);});row.addEventListener('pointerleave',function(){mark(false);});});\n",
    "})();\n</script>\n",
};
/* clang-format on */

void fyi_show_runs_script(fyi_buf *b)
{
    for (size_t i = 0; i < FYI_LEN(script); i++)
        fyi_buf_puts(b, script[i]);
}

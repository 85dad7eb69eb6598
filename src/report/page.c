/* page.c: the style sheet and the script of a report.
 *
 * Colours are named once for light and once for dark; print is always light. The series' colours
 * are Okabe and Ito's ("Color universal design", 2008), darkened or lightened to stand out from
 * the page, so that people who see fewer colours can tell them apart. The script adds values under
 * the pointer and classes to pick; without it nothing is missing. */
#include "report/html.h"

/* clang-format off */
static const char *const light[] = {
    "--bg:#f5f6f8;--card:#fff;--ink:#171c22;--soft:#56606b;--line:#dfe3e8;--grid:#e9ecf0;--tint:#eef7f3;",
    "--good:#00775a;--bad:#b3261e;--calm:#8a6100;--note:#fff6df;--noteline:#e2b93b;",
    "--s0:#0072b2;--s1:#d55e00;--s2:#00886a;--s3:#a8458f;--s4:#9a7400;--s5:#2f8fc9;--s6:#6b3fa0;--s7:#5f6770;",
    "--k0:#0072b2;--k1:#d55e00;--k2:#009e73;--k3:#a8458f;--k4:#d29a00;--k5:#46abe8;--k6:#7a1f4d;--k7:#7c8a00;",
    "--k8:#3b2f8f;--k9:#7d7d7d;--k10:#b9bec5;--halo:#fff;",
};
static const char *const dark[] = {
    "--bg:#101418;--card:#181d23;--ink:#e8ebee;--soft:#a0aab4;--line:#2c343c;--grid:#262d35;--tint:#12261f;",
    "--good:#3ecf9f;--bad:#ff8a80;--calm:#f0c04c;--note:#2a2413;--noteline:#8f7424;",
    "--s0:#58b2f0;--s1:#ff8b4a;--s2:#2fcc9d;--s3:#e28fcb;--s4:#e3bd45;--s5:#8fd0ff;--s6:#b79cf2;--s7:#a7b0ba;",
    "--k0:#4ba6ea;--k1:#ff8540;--k2:#26c795;--k3:#e084c6;--k4:#f3c53f;--k5:#a3dcff;--k6:#e0608f;--k7:#c3cf4a;",
    "--k8:#a294ff;--k9:#a6a6a6;--k10:#4d5660;--halo:#181d23;",
};

static const char *const rules[] = {
    "*{box-sizing:border-box}",
    "html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}",
    "body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,",
    "'Helvetica Neue','Noto Sans','Liberation Sans',Arial,sans-serif;font-variant-numeric:tabular-nums}",
    ".page{max-width:1140px;margin:0 auto;padding:28px 24px 48px}",
    "h1,h2,h3,p,figure,dl,ul{margin:0}ul{padding:0;list-style:none}",
    "h1{font-size:32px;line-height:1.2;font-weight:700;letter-spacing:-.015em;overflow-wrap:anywhere}",
    "h2{font-size:22px;line-height:1.3;font-weight:650;letter-spacing:-.01em}",
    "h3{font-size:15px;line-height:1.4;font-weight:650}",
    "section{margin-top:44px;scroll-margin-top:16px}",
    ".lead{color:var(--soft);max-width:76ch;margin-top:6px}.lead b{color:var(--ink);font-weight:600}",
    "h2+.pair,h2+.card,.lead+.card{margin-top:16px}",
    "code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace}",
    /* header */
    ".brand{display:flex;align-items:center;gap:10px;color:var(--soft);font-size:14px;font-weight:600;margin-bottom:14px}",
    ".hull{fill:var(--s0)}.wave{fill:none;stroke:var(--s2);stroke-width:2;stroke-linecap:round}",
    ".facts{display:flex;flex-wrap:wrap;gap:6px 28px;margin-top:12px}.facts div{display:flex;gap:7px;min-width:0}",
    ".facts dt{color:var(--soft)}.facts dd{margin:0;font-weight:600;overflow-wrap:anywhere}",
    ".facts.small{font-size:14px;margin-top:8px}",
    "nav{display:flex;flex-wrap:wrap;gap:4px 20px;margin-top:16px;padding-top:12px;border-top:1px solid var(--line);",
    "font-size:14px}nav a{color:var(--s0);text-decoration:none;padding:2px 0}nav a:hover{text-decoration:underline}",
    "a:focus-visible,summary:focus-visible,.pick:focus-visible{outline:2px solid var(--s0);outline-offset:3px;border-radius:3px}",
    /* verdict and notes */
    ".verdict{margin-top:24px;padding:20px 24px;background:var(--card);border:1px solid var(--line);border-radius:12px;",
    "border-left:6px solid var(--calm)}.verdict.good{border-left-color:var(--good)}.verdict.bad{border-left-color:var(--bad)}",
    ".verdict p:first-child{font-size:22px;line-height:1.4;font-weight:600;letter-spacing:-.01em;text-wrap:pretty}",
    ".verdict .why{margin-top:8px;color:var(--soft);font-size:15px}.why b{font-weight:600;color:var(--ink)}",
    ".notes{margin-top:20px;padding:14px 20px;background:var(--note);border:1px solid var(--noteline);border-radius:12px}",
    ".notes h2{font-size:15px}.notes li{margin-top:4px;font-size:14px;overflow-wrap:anywhere}",
    /* the four numbers */
    ".numbers{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:14px;margin-top:16px}",
    ".number,.card{background:var(--card);border:1px solid var(--line);border-radius:12px}",
    ".number{padding:16px 18px;display:flex;flex-direction:column}",
    ".number h3{display:flex;align-items:center;gap:8px;overflow-wrap:anywhere}",
    ".number .icon{flex:none}",
    ".big{font-size:40px;line-height:1.15;font-weight:700;letter-spacing:-.03em;margin:8px 0 6px}",
    ".gauge{display:block;width:100%;height:6px;border-radius:3px;overflow:hidden}.rest{fill:var(--grid)}.fill{fill:var(--soft)}",
    ".where{font-size:14px;color:var(--soft);margin-top:10px}.gain{color:var(--ink);font-weight:600;white-space:nowrap}",
    ".way{font-size:14px;color:var(--soft)}.way b{color:var(--ink);font-weight:600}",
    ".hint{font-size:13px;line-height:1.4;color:var(--soft);margin-top:8px}.number .hint{margin-top:auto;padding-top:10px}",
    ".number.n-chosen{background:var(--tint);border:2px solid var(--good);padding:15px 17px}.n-chosen .fill{fill:var(--good)}",
    ".number.n-oracle{border-style:dashed;border-color:var(--soft);background:none}",
    /* figures */
    ".pair{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:14px;margin-top:16px}",
    ".triple{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:14px;margin-top:16px}",
    ".card{padding:16px 18px}.full{margin-top:16px}.pair .full{grid-column:1/-1;margin-top:0}section>.card+.card{margin-top:14px}",
    ".plot{margin-top:8px}.plot svg{display:block;width:100%;height:auto}.on-narrow{display:none}",
    "figcaption{font-size:13.5px;line-height:1.45;color:var(--soft);margin-top:8px;max-width:80ch}",
    ".legend{display:flex;flex-wrap:wrap;gap:2px 18px;font-size:13.5px;color:var(--soft);margin-top:4px}",
    ".legend li{display:flex;align-items:center;gap:7px}.legend b{color:var(--ink);font-weight:600}section>.legend{margin-top:12px}",
    "svg text{font-family:inherit;font-variant-numeric:tabular-nums}",
    ".tick,.name{font-size:12.5px;fill:var(--soft)}.name{font-size:12.5px}.label{font-size:14px;font-weight:650}",
    ".axis{stroke:var(--soft);stroke-width:1;fill:none}.grid{stroke:var(--grid);stroke-width:1}",
    ".line,.raw{fill:none;stroke-width:2.2;stroke-linejoin:round;stroke-linecap:round}.raw{stroke-width:1;opacity:.38}",
    ".knots{fill:none;stroke-width:6;stroke-linecap:round}",
    ".level{stroke:var(--soft);stroke-width:1.4;stroke-dasharray:5 4;fill:none}",
    ".upright{stroke:var(--good);stroke-width:1.4;stroke-dasharray:2 3;fill:none}.upright.faint{stroke:var(--soft);opacity:.45}",
    ".s0{stroke:var(--s0)}.s1{stroke:var(--s1)}.s2{stroke:var(--s2)}.s3{stroke:var(--s3)}.s4{stroke:var(--s4)}",
    ".s5{stroke:var(--s5)}.s6{stroke:var(--s6)}.s7{stroke:var(--s7)}",
    ".d1.line{stroke-dasharray:9 4}.d2.line{stroke-dasharray:3 4}.d3.line{stroke-dasharray:12 4 2 4}.d4.line{stroke-dasharray:18 4}",
    ".d5.line{stroke-dasharray:6 3 2 3 2 3}.d6.line{stroke-dasharray:1.5 5}.d7.line{stroke-dasharray:14 3 6 3}",
    ".bar.source{fill:var(--s0)}.bar.target{fill:var(--s1)}.label.source{fill:var(--s0)}.label.target{fill:var(--s1)}",
    ".mark{stroke:var(--card);stroke-width:1.5;paint-order:stroke}.mark.n-source{fill:var(--soft)}.mark.n-last{fill:var(--s0)}",
    ".mark.n-chosen{fill:var(--good)}.mark.n-oracle{fill:var(--card);stroke:var(--ink);stroke-width:1.6;paint-order:normal}",
    ".dot{fill:none;stroke-width:6.5;stroke-linecap:round;stroke-opacity:.42}.cross{fill:none;stroke-width:1.5;stroke-linecap:round}",
    ".k0{stroke:var(--k0)}.k1{stroke:var(--k1)}.k2{stroke:var(--k2)}.k3{stroke:var(--k3)}.k4{stroke:var(--k4)}",
    ".k5{stroke:var(--k5)}.k6{stroke:var(--k6)}.k7{stroke:var(--k7)}.k8{stroke:var(--k8)}.k9{stroke:var(--k9)}.k10{stroke:var(--k10)}",
    ".swatch{stroke:none}.swatch.k0{fill:var(--k0)}.swatch.k1{fill:var(--k1)}.swatch.k2{fill:var(--k2)}.swatch.k3{fill:var(--k3)}",
    ".swatch.k4{fill:var(--k4)}.swatch.k5{fill:var(--k5)}.swatch.k6{fill:var(--k6)}.swatch.k7{fill:var(--k7)}",
    ".swatch.k8{fill:var(--k8)}.swatch.k9{fill:var(--k9)}.plain{stroke:var(--ink)}",
    "text.class{font-size:19px;font-weight:750;fill:var(--ink);stroke:var(--halo);stroke-width:4.5;stroke-linejoin:round;paint-order:stroke}",
    ".pick[tabindex]{cursor:pointer}.pick[aria-pressed=true]{color:var(--ink);font-weight:700}",
    ".only .dot,.only .cross,.only text.class{opacity:.05}",
    /* samples */
    ".samples{display:grid;grid-template-columns:repeat(auto-fill,minmax(104px,1fr));gap:10px;margin-top:16px}",
    ".sample{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:10px 8px 8px;text-align:center}",
    ".sample.changed{border:2px solid var(--s1);padding:9px 7px 7px}",
    ".sample img{width:72px;height:72px;object-fit:contain;image-rendering:pixelated;border-radius:4px;background:#000}",
    ".guess{font-weight:650;line-height:1.3;margin-top:4px;overflow-wrap:anywhere}.to{color:var(--soft);margin:0 5px;font-weight:400}",
    ".sample:not(.changed) .was,.sample:not(.changed) .to{display:none}.sample.changed .is{color:var(--s1)}",
    ".sure,.nr{font-size:12px;line-height:1.35;color:var(--soft)}",
    /* comparisons */
    ".v-baseline,.v-equal,.v-untested,.v-incomplete{--v:var(--soft)}.v-better{--v:var(--good)}.v-worse{--v:var(--bad)}.v-unclear{--v:var(--s0)}",
    ".line[class*=v-]{stroke:var(--v);stroke-width:3}.mark[class*=v-]{fill:var(--v)}.word{color:var(--v);font-weight:650}",
    ".thin.line{stroke-width:1.2;opacity:.55}.thin.knots{stroke-width:4.5;opacity:.7}.changes td{text-align:left;white-space:normal}",
    "td a{color:var(--s0)}",
    /* protocols */
    ".leaders th,.leaders td{padding:5px 7px}.leaders th:first-child{padding-left:0}.leaders .rank{display:inline-block;min-width:1.7em;color:var(--soft);font-weight:400}",
    ".leaders thead .icon{vertical-align:-3px;margin-right:4px}.leaders .strip{width:200px;padding:0 8px}.strip svg{display:block;width:184px;height:22px}",
    ".leaders .all>*{border-top:2px solid var(--line);font-weight:650}.leaders thead th:nth-child(n+8){white-space:normal}.leaders thead .strip{text-align:left;padding-bottom:5px}",
    /* searches */
    ".tick.over{stroke:var(--card);stroke-width:4;stroke-linejoin:round;paint-order:stroke}",
    /* many runs */
    ".runs a{color:var(--s0)}",
    ".runs th[aria-sort]{color:var(--ink)}.runs th[aria-sort=ascending]::after{content:' \\2191'}.runs th[aria-sort=descending]::after{content:' \\2193'}",
    ".runs thead th[role=button]{cursor:pointer}.runs td,.runs th{padding:4px 10px}.filter{margin-top:16px}.filter input{font:inherit;padding:4px 8px;max-width:100%}",
    ".curve .line{stroke-width:1.4;opacity:.6}.curve.on .line{stroke-width:3.4;opacity:1}",
    /* evaluations */
    ".beside{display:grid;grid-template-columns:minmax(0,1fr) minmax(260px,360px);gap:14px;margin-top:16px;align-items:start}",
    ".map{display:block;max-width:100%;height:auto;margin:0 auto}.field{fill:var(--bg);stroke:var(--line)}",
    ".heat.right{fill:var(--good)}.heat.wrong{fill:var(--s1)}.count{font-size:12.5px;fill:var(--ink);pointer-events:none}.count.on{fill:var(--card);font-weight:600}",
    ".gap{fill:var(--s1);fill-opacity:.45}.gap.under{fill:var(--s0)}.bar.plain{fill:var(--s7);stroke:none}",
    ".shares td.share{min-width:104px}.share .gauge{margin-top:3px;height:4px}.shares td:last-child,.shares th:last-child{text-align:left}",
    ".mistakes{grid-template-columns:repeat(auto-fill,minmax(144px,1fr))}.mistake img{width:112px;height:112px}",
    ".mistake.smooth img{image-rendering:auto}.mistake .is{color:var(--s1)}.odds{font-size:13px;font-weight:400;color:var(--soft)}.mistake b{color:var(--ink)}",
    ".nr{overflow-wrap:anywhere}.about td{white-space:normal;overflow-wrap:anywhere}",
    /* tables and files */
    ".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:14px}",
    "th,td{padding:6px 12px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}",
    "th:first-child{text-align:left;padding-left:0}th{font-weight:600}thead th{color:var(--soft);vertical-align:bottom}",
    ".of>*{color:var(--soft);font-size:13px}tbody th{font-weight:500}tbody tr:last-child>*{border-bottom:0}.left td,.left th{text-align:left}",
    ".left td:nth-child(3){white-space:normal;min-width:16ch}.dense{font-size:13px}.dense th,.dense td{padding:3px 9px}.dense th:first-child{padding-left:0}",
    ".hash{font-size:12px;color:var(--soft);white-space:normal;word-break:break-all;display:inline-block;min-width:22ch}",
    ".odd{font-size:14px;margin-top:10px;padding-left:12px;border-left:3px solid var(--noteline)}",
    "summary{cursor:pointer;font-weight:600;font-size:15px}details[open] summary{margin-bottom:10px}",
    "pre{margin:0;overflow-x:auto;font-size:13px;line-height:1.55}pre b{font-weight:600;color:var(--s0)}pre i{color:var(--soft);font-style:normal}",
    /* choices */
    ".votes .out>*{color:var(--soft)}.votes .picked>*{background:var(--tint);font-weight:600}.votes td.best{color:var(--good);font-weight:700}",
    ".votes .why{text-align:left;white-space:normal;min-width:24ch}",
    /* several modalities */
    ".whole{stroke:var(--ink)}.whole.line{stroke-width:2.8}.parts td:last-child,.parts th:last-child{text-align:right}",
    ".c0{--c:var(--s0)}.c1{--c:var(--s1)}.c2{--c:var(--s2)}.c3{--c:var(--s3)}.c4{--c:var(--s4)}.c5{--c:var(--s5)}.c6{--c:var(--s6)}.c7{--c:var(--s7)}",
    ".has,.lacks{stroke:var(--c);stroke-width:12;stroke-linecap:round}.lacks{stroke:var(--line);stroke-width:5}",
    ".subsets th,.subsets td{text-align:center}.subsets th:first-child{text-align:center}.subsets td svg{vertical-align:middle}.subsets .length{width:46%;min-width:140px}",
    ".subsets thead .dots{white-space:normal;overflow-wrap:anywhere;min-width:82px;font-size:12.5px}.subsets .dots{padding:6px 4px}",
    ".parts th{white-space:normal;overflow-wrap:anywhere}.parts tbody th{min-width:130px}.parts thead th{min-width:92px}",
    ".subsets td:nth-last-child(3),.subsets td:last-child,.subsets th:last-child{text-align:right}.subsets .gauge{height:14px}.subsets .fill{fill:var(--c,var(--soft))}",
    ".subsets .every .fill{fill:var(--ink)}.every .chance{stroke:var(--card)}.chance{fill:none;stroke:var(--ink);stroke-width:1.5;vector-effect:non-scaling-stroke}",
    "footer{margin-top:48px;padding-top:14px;border-top:1px solid var(--line);color:var(--soft);font-size:13px}",
    /* the pointer's values */
    ".hair{stroke:var(--soft);stroke-width:1;pointer-events:none}",
    ".tip{position:absolute;z-index:9;pointer-events:none;background:var(--ink);color:var(--bg);font-size:13px;line-height:1.45;",
    "padding:6px 10px;border-radius:7px;white-space:pre;max-width:90vw}",
    /* narrow screens: pictures shrink, so their letters grow */
    "@media (max-width:820px){.pair,.triple,.beside{grid-template-columns:minmax(0,1fr)}.numbers{grid-template-columns:repeat(2,minmax(0,1fr))}",
    ".on-wide{display:none}.on-narrow{display:block}.page{padding:20px 16px 40px}}",
    "@media (max-width:560px){h1{font-size:26px}.verdict{padding:16px 18px}.verdict p:first-child{font-size:18.5px}.big{font-size:31px}",
    ".number{padding:13px 14px}.number.n-chosen{padding:12px 13px}.card{padding:13px 12px}.numbers{gap:10px}section{margin-top:36px}",
    ".pair .tick,.pair .name,.full .tick,.full .name{font-size:16px}.triple .tick,.triple .name{font-size:13.5px}}",
    "@media print{body{background:#fff;font-size:11pt}.page{max-width:none;padding:0}nav,.tip{display:none}section{margin-top:22pt}",
    ".card,.number,.sample,.verdict,tr{break-inside:avoid}h2,h3{break-after:avoid}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}",
    ".pair{grid-template-columns:repeat(2,minmax(0,1fr))}.triple{grid-template-columns:repeat(3,minmax(0,1fr))}",
    ".numbers{grid-template-columns:repeat(4,minmax(0,1fr))}.big{font-size:24pt}.on-wide{display:block}.on-narrow{display:none}}",
};

static const char *const script[] = {
    "(function(){'use strict';\n",
    "var tip=document.createElement('div');tip.className='tip';tip.hidden=true;document.body.appendChild(tip);\n",
    "function parse(s){return s?s.split(',').map(function(p){return p.split(' ').map(Number);}):[];}\n",
    "function show(v,unit){return unit==='%'?(v*100).toFixed(1)+'%':String(Number((unit==='log'?Math.pow(10,v):v).toPrecision(4)));}\n",
    "function nearest(points,x){return points.reduce(function(a,p){return Math.abs(p[0]-x)>=Math.abs(a[0]-x)?a:p;});}\n",
    "document.querySelectorAll('svg[data-x]').forEach(function(svg){\n",
    "var a=svg.dataset.x.split(' ').map(Number),lines=[];\n",
    "svg.querySelectorAll('[data-p]').forEach(function(p){var v=parse(p.dataset.p);if(v.length)lines.push({n:p.dataset.n,u:p.dataset.u,v:v});});\n",
    "if(!lines.length)return;\n",
    "var hair=document.createElementNS('http://www.w3.org/2000/svg','path');hair.setAttribute('class','hair');svg.appendChild(hair);\n",
    "svg.addEventListener('pointermove',function(e){\n",
    "var box=svg.getBoundingClientRect(),scale=svg.viewBox.baseVal.width/box.width;\n",
    "var px=Math.min(Math.max((e.clientX-box.left)*scale,a[2]),a[3]),x=a[0]+(px-a[2])/(a[3]-a[2])*(a[1]-a[0]);\n",
    "var step=nearest(lines[0].v,x)[0],at=a[2]+(step-a[0])/(a[1]-a[0])*(a[3]-a[2]);\n",
    "hair.setAttribute('d','M'+at+' '+a[4]+'V'+a[5]);\n",
    "tip.textContent=(svg.dataset.log===''?show(Math.pow(10,step)):'step '+step.toLocaleString('en-US'))+lines.map(function(l){return '\\n'+l.n+'  '+show(nearest(l.v,step)[1],l.u);}).join('');\n",
    "tip.hidden=false;\n",
    "var left=e.pageX+16,most=document.documentElement.clientWidth-tip.offsetWidth-8;\n",
    "tip.style.left=Math.max(8,left>most?e.pageX-tip.offsetWidth-16:left)+'px';tip.style.top=(e.pageY+14)+'px';});\n",
    "svg.addEventListener('pointerleave',function(){tip.hidden=true;hair.removeAttribute('d');});});\n",
    /* one class of the features at a time */
    "var part=document.getElementById('features'),picked=null;\n",
    "function pick(li){picked=picked===li?null:li;part.classList.toggle('only',picked!==null);\n",
    "part.querySelectorAll('.pick').forEach(function(p){p.setAttribute('aria-pressed',String(p===picked));});\n",
    "part.querySelectorAll('.dot,.cross,text.class').forEach(function(p){\n",
    "p.style.opacity=picked!==null?(p.classList.contains('k'+picked.dataset.k)||p.classList.contains('plain')?1:''):'';});}\n",
    "if(part)part.querySelectorAll('.pick').forEach(function(li){li.tabIndex=0;li.setAttribute('role','button');li.setAttribute('aria-pressed','false');\n",
    "li.title='show this class alone';li.addEventListener('click',function(){pick(li);});\n",
    "li.addEventListener('keydown',function(e){if(e.key==='Enter'||e.key===' '){e.preventDefault();pick(li);}});});\n",
    "if(part)part.querySelector('.lead').append(' Pick a class in the legend to see it alone.');\n",
    "})();\n",
};
/* clang-format on */

static void put_all(fyi_buf *b, const char *const *parts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        fyi_buf_puts(b, parts[i]);
}

void fyi_html_style(fyi_buf *b)
{
    fyi_buf_puts(b, "<style>\n:root{color-scheme:light dark;");
    put_all(b, light, FYI_LEN(light));
    fyi_buf_puts(b, "}\n@media screen and (prefers-color-scheme:dark){:root{");
    put_all(b, dark, FYI_LEN(dark));
    fyi_buf_puts(b, "}}\n");
    for (size_t i = 0; i < FYI_LEN(rules); i++) {
        fyi_buf_puts(b, rules[i]);
        fyi_buf_puts(b, "\n");
    }
    fyi_buf_puts(b, "</style>\n");
}

void fyi_html_script(fyi_buf *b)
{
    fyi_buf_puts(b, "<script>\n");
    put_all(b, script, FYI_LEN(script));
    fyi_buf_puts(b, "</script>\n");
}

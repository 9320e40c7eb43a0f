/**
 * The look of the report: on a screen, light and dark, narrow and wide, and on paper. Color alone never carries
 * information.
 */
export const reportStyle = `
:root{color-scheme:light dark;--page:#fff;--card:#f4f6f8;--text:#1b1f24;--muted:#4f5964;--line:#c9d1d9;--link:#0b57a4;
--life:#5b8bc6;--overlap:#b35c00;--rotation:#0b57a4;--end:#b3261e;--previous:#8a4600;--bad:#a3160f;--warn:#7a4a00;--good:#17622f}
@media (prefers-color-scheme:dark){:root{--page:#14181d;--card:#1f252c;--text:#e8ecf0;--muted:#aeb8c2;--line:#414b56;--link:#8cc0ff;
--life:#5283ba;--overlap:#f0a24a;--rotation:#8cc0ff;--end:#ff9a91;--previous:#f0b35e;--bad:#ff9a91;--warn:#f3c272;--good:#86dba0}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif;overflow-wrap:break-word}
header,main,footer{max-width:75rem;margin:0 auto;padding:0 1rem}
header{padding-top:1.5rem}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 .25rem}
h2{font-size:1.25rem;margin:2.25rem 0 .5rem}
h3{font-size:1rem;margin:1.25rem 0 .25rem}
p{margin:.25rem 0 .75rem;max-width:46rem}
.muted,footer,caption{color:var(--muted)}
.skip{position:absolute;left:-100vw}
.skip:focus{left:1rem;top:.5rem;background:var(--page);padding:.5rem}
a{color:var(--link)}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;margin:.75rem 0;padding:0}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.75rem;margin:1rem 0;padding:0}
.figures div{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.6rem .8rem;display:flex;flex-direction:column-reverse;justify-content:flex-end}
.figures dt{color:var(--muted);font-size:.9rem;line-height:1.3}
.figures dd{margin:0;font-size:1.7rem;font-weight:650;line-height:1.25}
.bad{color:var(--bad);font-weight:650}
.warn{color:var(--warn);font-weight:650}
.good{color:var(--good)}
.scroll{overflow-x:auto;margin:.5rem 0 1rem;border:1px solid var(--line);border-radius:.5rem}
table{border-collapse:collapse;width:100%;font-size:.92rem}
caption{text-align:left;padding:.5rem .75rem;font-size:.9rem}
th,td{text-align:left;vertical-align:top;padding:.4rem .75rem;border-top:1px solid var(--line);unicode-bidi:isolate;min-width:6rem}
thead th{background:var(--card);font-size:.85rem;white-space:nowrap}
tbody th{font-weight:600;min-width:9rem}
tbody th,code{overflow-wrap:anywhere}
.number{text-align:right;white-space:nowrap}
time{white-space:nowrap}
code{font:.88em/1.6 ui-monospace,SFMono-Regular,Menlo,monospace;background:var(--card);border:1px solid var(--line);border-radius:.25rem;padding:.05rem .3rem;unicode-bidi:isolate}
bdi{unicode-bidi:isolate}
.chips{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.25rem}
td .chips{min-width:13rem}
.names li:not(:last-child)::after{content:","}
.implied code{border-style:dashed;background:none;color:var(--muted)}
svg{display:block;max-width:none}
.calendar{width:100%;min-width:44rem;height:auto}
.drawing{padding:.5rem}
.calendar text{font:13px system-ui,sans-serif;fill:var(--text)}
.calendar .tick-label{fill:var(--muted);font-size:12px}
.calendar .now-label{fill:var(--text);font-size:12px;font-weight:650}
.tick{stroke:var(--line)}
.now{stroke:var(--text);stroke-width:2;stroke-dasharray:4 3}
.life{fill:var(--life)}
.overlap{fill:var(--overlap)}
.rotation{fill:var(--rotation);stroke:var(--page);stroke-width:1.5}
.end{fill:var(--end);stroke:var(--page);stroke-width:1.5}
.previous{fill:var(--previous);stroke:var(--page);stroke-width:1.5}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;margin:.25rem 0;padding:0;font-size:.92rem}
.legend li{display:flex;align-items:center;gap:.4rem}
.age{width:10rem;height:14px}
.age .frame{fill:none;stroke:var(--muted)}
.age .within{fill:var(--life)}
.age .over{fill:var(--end)}
.age .limit{stroke:var(--text);stroke-width:2}
footer{padding-top:1.5rem;padding-bottom:2rem;font-size:.9rem}
@media screen and (max-width:45rem){
body{font-size:15px}h1{font-size:1.4rem}.figures{grid-template-columns:1fr 1fr}
.records{overflow:visible}
.records table,.records caption,.records tbody,.records tr,.records th,.records td{display:block;min-width:0}
.records thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.records tr{border-top:2px solid var(--line);padding:.4rem 0}
.records th,.records td{border:0;padding:.1rem .75rem}
.records td{display:grid;grid-template-columns:7.5rem minmax(0,1fr);gap:.5rem}
.records td::before{content:attr(data-heading);color:var(--muted);font-size:.85rem}
.records .number{text-align:left}
td .chips{min-width:0}
}
@media print{
:root{color-scheme:light;--page:#fff;--card:#fff;--text:#000;--muted:#333;--line:#999;--link:#000;--life:#8a8a8a;--overlap:#444;--rotation:#000;--end:#000;--previous:#000;--bad:#000;--warn:#000;--good:#000}
@page{size:A4 landscape;margin:12mm}
body{font-size:9.5pt}header,main,footer{max-width:none;padding:0}
nav,.skip{display:none}.scroll{overflow:visible;border:0}
.figures{grid-template-columns:repeat(6,1fr)}
tr,.figures div,svg{break-inside:avoid}h2,h3,caption,.legend{break-after:avoid}h2+p{break-after:avoid}thead{display:table-header-group;break-after:avoid}tbody tr:first-child{break-before:avoid}
.calendar{min-width:0}th,td,td .chips{padding:.2rem .4rem;min-width:0}tbody th{min-width:7rem}td .chips{padding:0}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`;

/* Copyright (c) 2026 dockyard.openshift contributors
   GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
   SPDX-License-Identifier: GPL-3.0-or-later */
"use strict";
(() => {
  const form = document.getElementById("filters");
  const [search, outcome, disruption, shown] = ["search", "outcome", "disruption", "shown"].map((id) => document.getElementById(id));
  const rows = Array.from(document.querySelectorAll("#rows tr"));
  if (!rows.length) return;
  const articles = new Map(Array.from(document.querySelectorAll("article"), (one) => [one.id, one]));
  let texts = null;
  // What is said of a host is found too, once for all hosts of which the same is said.
  const read = () => {
    const said = new Map(Array.from(articles, ([id, one]) => [id, one.textContent.toLowerCase()]));
    texts = rows.map((row) => [row.textContent.toLowerCase(), said.get(row.dataset.group)]);
  };
  const tell = (count) => { shown.textContent = `${count} of ${rows.length} shown`; };
  const filter = () => {
    if (!texts) read();
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const groups = new Set();
    let count = 0;
    rows.forEach((row, number) => {
      const fits = (!outcome.value || row.dataset.outcome === outcome.value)
        && (!disruption.value || row.dataset.disruption === disruption.value)
        && words.every((word) => texts[number].some((text) => text.includes(word)));
      if (row.hidden === fits) row.hidden = !fits;
      if (fits) { groups.add(row.dataset.group); count += 1; }
    });
    articles.forEach((one, id) => { if (one.hidden === groups.has(id)) one.hidden = !groups.has(id); });
    tell(count);
  };
  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  search.addEventListener("keydown", (event) => { if (event.key === "Escape") form.reset(); });
  tell(rows.length);
})();

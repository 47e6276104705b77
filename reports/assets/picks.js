// Which variants are in colour, in a grid that has more of them than there are colours.
function picksOf(report, view, { endLabels, margin, plain }) {
  const { variants, baseline } = report, { state, slotOf, pick, freeSlots, COLOURS } = view;
  const root = document.documentElement, all = selector => [...document.querySelectorAll(selector)];
  // Traces from Python name a variant by its place: 0 is the baseline, the others follow in the order of the grid.
  const placed = [baseline, ...variants.map((_, v) => v).filter(v => v !== baseline)];
  const most = COLOURS.length - 1, isLarge = variants.some(variant => variant.slot === null);
  const short = shortened(variants.map(variant => variant.label), 26);
  const placeOf = trace => trace.meta?.place ?? null;
  const colourAt = place => slotOf(placed[place]);

  // The colour that a trace came with becomes the one that its variant has now.
  function recoloured(trace) {
    const place = placeOf(trace), given = variants[placed[place]].slot, now = colourAt(place);
    const [line, band] = now === null ? ['@muted', '@ghost'] : ['@v' + now, '@v' + now];
    const replaced = (value, key) => {
      if (key === 'x' || key === 'y') return value;
      if (value && typeof value === 'object' && !Array.isArray(value)) return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, replaced(each, name)]));
      if (typeof value !== 'string' || !/color$/.test(key)) return value;
      const [name, opacity] = value.split('/');
      if (opacity) return name === (given === null ? '@ghost' : '@v' + given) ? `${band}/${opacity}` : value;
      return name === (given === null ? '@muted' : '@v' + given) ? line : value;
    };
    return replaced(trace, '');
  }

  // A line without a colour is thin and says nothing; a point keeps its shape, and the pointer names it.
  function faint(trace) {
    if (trace.meta.is_panel) return [recoloured(trace)];
    if (trace.mode.startsWith('markers')) return [{ ...recoloured(trace), mode: 'markers' }];
    if (trace.line.width === 0 || trace.visible === false) return [];
    const { hovertemplate, error_y, ...rest } = trace;
    return [{ ...rest, x: listed(rest.x), y: listed(rest.y), mode: 'lines', hoverinfo: 'skip', line: { ...rest.line, color: '@ghost', width: 1.2 } }];
  }

  const coloured = trace => ({ ...recoloured(trace), visible: true, ...(trace.meta.name ? { text: [trace.meta.name] } : {}) });

  // Names at the ends of the lines, of those that have a colour.
  function labelled(layout, named, pixels) {
    const items = named.filter(trace => trace.meta.end).map(trace => (
      { y: trace.meta.last, text: plain(short[placed[placeOf(trace)]]), color: '@v' + colourAt(placeOf(trace)) }));
    // What else is written in the colour of a variant goes where its colour goes.
    const others = (layout.annotations ?? []).filter(note => note.name !== 'end').flatMap(note => {
      const [, slot] = /^@v(\d+)$/.exec(note.font?.color ?? '') ?? [], v = variants.findIndex(variant => variant.slot === Number(slot));
      if (slot === undefined || v < 0) return [note];
      return slotOf(v) === null ? [] : [{ ...note, font: { ...note.font, color: '@v' + slotOf(v) } }];
    });
    const { r } = margin(items), inside = Math.min(r, 165);
    return {
      ...layout, margin: { ...layout.margin, r }, meta: { ...layout.meta, room: inside / (300 - inside) },
      annotations: [...others, ...endLabels(items, layout.yaxis.range, pixels)],
    };
  }

  function drawStatic(figure) {
    if (!isLarge) return () => figure;
    return place => {
      const own = figure.data.filter(trace => placeOf(trace) !== null), hasColour = trace => colourAt(placeOf(trace)) !== null;
      const named = own.filter(hasColour).map(coloured);
      const data = [...figure.data.filter(trace => placeOf(trace) === null), ...together(own.filter(trace => !hasColour(trace)).flatMap(faint)), ...named];
      return { data, layout: own.some(trace => trace.meta.end) ? labelled(figure.layout, named, Math.max(200, place.clientHeight) - 60) : figure.layout };
    };
  }

  // Swatches and marks of the tables follow by the variables of the style.
  function paint() {
    if (!isLarge) return;
    const isFull = !freeSlots().length;
    placed.forEach((v, place) => root.style.setProperty('--w' + place, slotOf(v) === null ? 'var(--rule)' : `var(--v${slotOf(v)})`));
    for (const box of all('[data-pick]')) {
      box.checked = state.slots.has(Number(box.dataset.pick));
      box.disabled = isFull && !box.checked;
    }
    for (const panel of all('[data-panel]')) panel.hidden = colourAt(Number(panel.dataset.panel)) === null;
    for (const box of all('[data-variant]')) {
      const v = Number(box.dataset.variant);
      box.closest('label').hidden = slotOf(v) === null && state.off.has(v);
    }
    const said = `Ticked: in colour in the figures, ${state.slots.size - 1} of ${most} colours are in use.${isFull ? ' Untick a variant to pick another.' : ''}`;
    const told = document.querySelector('#variants-picked');
    if (told && told.textContent !== said) told.textContent = said;
  }

  function bind(again) {
    for (const box of all('[data-pick]')) box.addEventListener('change', () => { pick(Number(box.dataset.pick), box.checked); again(); });
  }

  return { drawStatic, paint, bind };
}

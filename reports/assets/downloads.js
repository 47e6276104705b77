// Every figure as a file: with its title, on the page's colour, as the reader sees it now.
function bindDownloads(report, view, { figures, draw, themed, plain }) {
  const { state, allSeeds } = view;
  const LINE = 22, FORMULAS = { wandb: 'W&B smoothing', tensorboard: 'TensorBoard smoothing' };

  // What the controls did to the curves, since a file has no controls beside it.
  function curvesNote(id) {
    const smoothing = state.as ? dashboardWords(state.as) : state.p ? `${FORMULAS[state.kind]} ${state.p}` : 'no smoothing';
    const note = document.querySelector('#note-' + id)?.textContent ?? '', many = state.seeds.size;
    if (!many) return note;
    const seeds = many === 1 ? `seed ${[...state.seeds][0]}` : many === allSeeds.length ? 'all seeds' : `seeds ${[...state.seeds].join(', ')}`;
    const thick = many === 1 ? 'thick: the same seed' : state.per ? 'a line per seed' : 'thick: mean over seeds';
    return `Faint: raw, ${seeds}; ${thick}, ${smoothing}. ${note}`;
  }
  const isOfCurves = id => id === 'curves' || id === 'difference';
  const titleOf = place => place.dataset.title ?? report.figures[idOf(place)].title;
  const noteOf = place => isOfCurves(idOf(place)) ? curvesNote(idOf(place)) : place.dataset.note ?? report.figures[idOf(place)].subtitle;
  const idOf = place => place.id.slice('figure-'.length);

  const sentence = words => words.trim() && `${words.trim()}${/[.?!]$/.test(words.trim()) ? '' : '.'} `;

  // Plotly does not break lines: a letter of `size` pixels takes about half of them.
  function broken(words, width, size) {
    const most = Math.max(20, Math.floor(width / (0.53 * size))), lines = [''];
    for (const word of words.split(' ')) {
      const last = lines[lines.length - 1];
      if (last && last.length + 1 + word.length > most) lines.push(word);
      else lines[lines.length - 1] = last ? `${last} ${word}` : word;
    }
    return lines.map(plain);
  }

  function pictureOf(place) {
    const { clientWidth: width, clientHeight: height } = place, { layout } = place;
    const title = broken(titleOf(place), width - 24, 17), note = broken(`${sentence(noteOf(place))}Grid:\u00a0${report.grid}.`, width - 24, 12);
    // All lines of a title are as far apart as its largest letters ask for.
    const above = 12 + LINE * (title.length + note.length);
    const colours = themed({ color: '@ink', mutedcolor: '@muted', pagecolor: '@page' });
    const text = `<b>${title.join('<br>')}</b><br><span style="font-size:12px;color:${colours.mutedcolor}">${note.join('<br>')}</span>`;
    return {
      width, height: height + above, data: place.data, config: { staticPlot: true },
      layout: {
        ...layout, width, height: height + above, autosize: false, paper_bgcolor: colours.pagecolor, plot_bgcolor: colours.pagecolor,
        margin: { ...layout.margin, t: layout.margin.t + above },
        title: { text, x: 0, xref: 'container', xanchor: 'left', y: 1 - 22 / (height + above), yref: 'container', yanchor: 'top', pad: { l: 12 }, font: { size: 17, color: colours.color } },
      },
    };
  }

  const bytes = { svg: text => decodeURIComponent(text), png: text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0)) };
  const TYPES = { svg: 'image/svg+xml', png: 'image/png' };
  async function save(place, format) {
    if (!place.dataset.ready) await draw(idOf(place));
    const { width, height, ...figure } = pictureOf(place);
    const url = await window.Plotly.toImage(figure, { format, width, height, scale: format === 'png' ? 2 : 1 });
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([bytes[format](url.slice(url.indexOf(',') + 1))], { type: TYPES[format] }));
    link.download = `${report.grid}-${idOf(place)}.${format}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 5000);
  }

  function buttonOf(place, format) {
    const button = document.createElement('button'), name = format.toUpperCase();
    button.type = 'button';
    button.textContent = name;
    button.dataset.save = format;
    button.setAttribute('aria-label', `${name}: save the figure “${titleOf(place)}”`);
    button.addEventListener('click', async () => {
      try { await save(place, format); } catch {
        button.textContent = 'Not saved';
        setTimeout(() => { button.textContent = name; }, 1800);
      }
    });
    return button;
  }

  for (const place of document.querySelectorAll('.plot')) {
    if (!(idOf(place) in figures)) continue;
    const row = document.createElement('div');
    row.className = 'saves';
    row.append('Save ', buttonOf(place, 'svg'), buttonOf(place, 'png'));
    place.after(row);
  }
}

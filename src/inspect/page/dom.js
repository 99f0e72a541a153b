// Elements in one call: h("div", { class: "row", onclick }, "text", child). Properties that begin with "on" are listeners.

const SVG = "http://www.w3.org/2000/svg";

function made(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style")
      element.style.cssText = value; // a site's policy forbids the attribute
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(
    ...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false),
  );
  return element;
}

export const h = (tag, properties, ...children) => made(document.createElement(tag), properties, children);
export const svg = (tag, properties, ...children) =>
  made(document.createElementNS(SVG, tag), properties, children);

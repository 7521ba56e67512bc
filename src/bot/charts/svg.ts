type Attributes = Record<string, string | number | undefined>;

/** An element with its children, which are elements already: what comes from outside goes through `text`. */
export function element(name: string, attributes: Attributes, ...children: string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === "number" ? rounded(value) : escaped(value ?? "")}"`)
    .join("");
  return children.length > 0 ? `<${name}${written}>${children.join("")}</${name}>` : `<${name}${written}/>`;
}

export const text = (attributes: Attributes, content: string) => element("text", attributes, escaped(content));

export const group = (attributes: Attributes, ...children: string[]) => element("g", attributes, ...children);

export const escaped = (content: string) =>
  content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const rounded = (value: number) => String(Math.round(value * 10) / 10);

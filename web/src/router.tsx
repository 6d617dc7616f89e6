// Pages have addresses; links change them without loading the page anew.
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";

export interface Place {
  path: string;
  query: URLSearchParams;
}

const here = (): Place => ({ path: location.pathname, query: new URLSearchParams(location.search) });

export const place = signal<Place>(here());

export function watchAddress(): void {
  addEventListener("popstate", () => (place.value = here()));
}

export function go(to: string, replace = false): void {
  if (replace) {
    history.replaceState(null, "", to);
  } else {
    history.pushState(null, "", to);
    scrollTo(0, 0);
  }
  place.value = here();
}

export function Link(props: { to: string; children: ComponentChildren; class?: string; current?: boolean }) {
  const follow = (e: MouseEvent) => {
    if (e.button === 0 && !e.metaKey && !e.ctrlKey && !e.shiftKey && !e.altKey) {
      e.preventDefault();
      go(props.to);
    }
  };
  return (
    <a href={props.to} class={props.class} onClick={follow} aria-current={props.current ? "page" : undefined}>
      {props.children}
    </a>
  );
}

export const streamPage = (name: string) => `/streams/${encodeURIComponent(name)}`;
export const applicationPage = (name: string, stream?: string) =>
  `/applications/${encodeURIComponent(name)}` + (stream ? `?stream=${encodeURIComponent(stream)}` : "");

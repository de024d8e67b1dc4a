// The colours of the map, dark and light: quiet, so that the traffic is what one sees.

export interface MapTheme {
  water: string;
  land: string;
  coast: string;
  border: string;
  grid: string;
  place: string;
  capital: string;
  halo: string;
  airport: string;
  runway: string;
}

export const DARK: MapTheme = {
  water: "#0b1118",
  land: "#161e27",
  coast: "#2c3a48",
  border: "#33424f",
  grid: "rgba(148, 170, 190, 0.09)",
  place: "#8393a2",
  capital: "#a3b2c0",
  halo: "#10171f",
  airport: "#6f9fc4",
  runway: "#7e97ab",
};

export const LIGHT: MapTheme = {
  water: "#cfdde6",
  land: "#f5f3ee",
  coast: "#a9bccb",
  border: "#bdb7aa",
  grid: "rgba(60, 80, 100, 0.12)",
  place: "#5d6873",
  capital: "#3c4650",
  halo: "#f8f7f3",
  airport: "#2f6690",
  runway: "#5b6c7a",
};

import { localDateTime } from "../../lib/local-time.ts";

/** Big cities that no zone is named after, and what cities are called in German or locally. */
const CITIES: Record<string, string> = {
  "Pacific/Auckland": "Wellington, Christchurch",
  "Australia/Sydney": "Canberra",
  "Asia/Tokyo": "Tokio, Osaka, Kyoto, Yokohama",
  "Asia/Seoul": "Busan",
  "Asia/Shanghai": "Beijing, Peking, Shenzhen, Guangzhou, Kanton",
  "Asia/Hong_Kong": "Hongkong",
  "Asia/Singapore": "Singapur",
  "Asia/Ho_Chi_Minh": "Hanoi",
  "Asia/Kolkata": "Delhi, New Delhi, Neu-Delhi, Mumbai, Bombay, Bangalore, Bengaluru, Chennai, Hyderabad",
  "Asia/Dubai": "Abu Dhabi",
  "Asia/Tehran": "Teheran",
  "Asia/Riyadh": "Riad, Jeddah, Dschidda",
  "Asia/Jerusalem": "Tel Aviv, Haifa",
  "Africa/Cairo": "Kairo, Alexandria",
  "Africa/Johannesburg": "Cape Town, Kapstadt, Durban, Pretoria",
  "Africa/Casablanca": "Marrakesh, Marrakesch, Rabat",
  "Africa/Algiers": "Algier",
  "Europe/Moscow": "Moskau, Moskva, St Petersburg, St. Petersburg, Sankt Petersburg",
  "Europe/Istanbul": "Ankara, Izmir, Antalya",
  "Europe/Kyiv": "Kiew, Odessa, Odesa, Lviv, Lwiw, Lemberg, Kharkiv, Charkiw",
  "Europe/Athens": "Athen, Thessaloniki",
  "Europe/Bucharest": "Bukarest, Cluj",
  "Europe/Helsinki": "Tampere, Turku",
  "Europe/Vilnius": "Wilna, Kaunas",
  "Europe/Belgrade": "Belgrad, Beograd",
  "Europe/Warsaw":
    "Warschau, Warszawa, Krakau, Kraków, Cracow, Danzig, Gdańsk, Breslau, Wrocław, Posen, Poznań, Lodz, Łódź",
  "Europe/Prague": "Prag, Praha, Brünn, Brno",
  "Europe/Vienna": "Wien, Graz, Linz, Salzburg, Innsbruck, Klagenfurt, Bregenz",
  "Europe/Zurich": "Geneva, Genf, Genève, Basel, Bern, Lausanne, Luzern, Lucerne, St. Gallen",
  "Europe/Rome":
    "Rom, Roma, Milan, Mailand, Milano, Naples, Neapel, Napoli, Turin, Torino, Florence, Florenz, Firenze, Venice, Venedig, Venezia, Bologna, Palermo, Bozen",
  "Europe/Berlin":
    "Munich, München, Hamburg, Cologne, Köln, Frankfurt, Frankfurt am Main, Stuttgart, Düsseldorf, Leipzig, Dresden, Hanover, Hannover, Nuremberg, Nürnberg, Bremen, Essen, Dortmund, Bonn, Karlsruhe, Mannheim, Freiburg, Augsburg, Münster, Kiel, Rostock, Erfurt, Kassel, Mainz, Saarbrücken",
  "Europe/Copenhagen": "Kopenhagen, København, Aarhus",
  "Europe/Oslo": "Bergen, Trondheim",
  "Europe/Stockholm": "Gothenburg, Göteborg, Malmö",
  "Europe/Amsterdam": "Rotterdam, The Hague, Den Haag, Utrecht, Eindhoven",
  "Europe/Brussels": "Brüssel, Bruxelles, Brussel, Antwerp, Antwerpen, Ghent, Gent",
  "Europe/Luxembourg": "Luxemburg",
  "Europe/Paris": "Lyon, Marseille, Toulouse, Nice, Nizza, Nantes, Strasbourg, Straßburg, Bordeaux, Lille",
  "Europe/Madrid": "Barcelona, Valencia, Seville, Sevilla, Bilbao, Málaga, Palma, Mallorca",
  "Europe/London": "Manchester, Birmingham, Liverpool, Leeds, Glasgow, Edinburgh, Bristol, Cardiff",
  "Europe/Lisbon": "Lissabon, Lisboa, Porto",
  "Atlantic/Canary": "Tenerife, Teneriffa, Gran Canaria, Las Palmas",
  "America/Sao_Paulo": "Rio, Rio de Janeiro, Brasilia",
  "America/Argentina/Buenos_Aires": "Rosario, La Plata",
  "America/Havana": "Havanna, La Habana",
  "America/Santiago": "Santiago de Chile, Valparaíso",
  "America/Toronto": "Ottawa, Quebec",
  "America/New_York":
    "NYC, New York City, Boston, Washington, Washington DC, Philadelphia, Miami, Atlanta, Orlando, Charlotte, Baltimore, Pittsburgh",
  "America/Chicago":
    "Houston, Dallas, Austin, San Antonio, Minneapolis, New Orleans, St. Louis, Nashville, Milwaukee, Kansas City, Memphis",
  "America/Mexico_City": "Mexiko-Stadt, Ciudad de México, Guadalajara, Puebla",
  "America/Edmonton": "Calgary",
  "America/Denver": "Salt Lake City, Albuquerque, Boulder",
  "America/Phoenix": "Tucson",
  "America/Vancouver": "Victoria",
  "America/Los_Angeles": "LA, San Francisco, San Diego, Seattle, Portland, Las Vegas, Sacramento, Oakland",
};

const OTHER_NAMES: Record<string, string> = {
  GB: "Great Britain, Britain, England, Scotland, Wales, Großbritannien, Schottland",
  NL: "Holland, The Netherlands",
  US: "USA, United States of America, Vereinigte Staaten von Amerika",
  CZ: "Czech Republic, Tschechische Republik",
  TR: "Turkey",
  AE: "UAE, Emirates, Emirate",
  PS: "Palestine, Palästina",
  RU: "Russian Federation",
};

/** Without Australia, which is a country too. */
const CONTINENTS: Record<string, string> = {
  "Africa/": "Africa, Afrika",
  "America/": "America, Amerika, North America, Nordamerika, South America, Südamerika",
  "Asia/": "Asia, Asien",
  "Europe/": "Europe, Europa",
  "Pacific/": "Oceania, Ozeanien, Pacific, Pazifik",
};

/** The runtime lists these zones by their old names. */
const RENAMED: Record<string, string> = {
  "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
  "America/Godthab": "America/Nuuk",
  "Asia/Calcutta": "Asia/Kolkata",
  "Asia/Katmandu": "Asia/Kathmandu",
  "Asia/Rangoon": "Asia/Yangon",
  "Asia/Saigon": "Asia/Ho_Chi_Minh",
  "Atlantic/Faeroe": "Atlantic/Faroe",
  "Europe/Kiev": "Europe/Kyiv",
};

export const allZones = (): string[] => Intl.supportedValuesOf("timeZone").map(newest);
const newest = (zone: string): string => RENAMED[zone] ?? zone;

export const zonesWithCities = (): string[] => Object.keys(CITIES);

export function cityRank(zone: string): number {
  const zones = zonesWithCities();
  return zones.includes(zone) ? zones.indexOf(zone) : zones.length;
}

/** The zone of a city that has another name. `city` is as `plain` makes it. */
export const zoneOfCity = (city: string): string | undefined => cityIndex().get(city);

/** All zones of a country or continent, by its English or German name as `plain` makes it. */
export function zonesOfRegion(name: string): string[] {
  const country = countryIndex().get(name);
  if (country) return zonesOfCountry(country).map(newest);
  const area = continentIndex().get(name);
  return area === undefined ? [] : allZones().filter((zone) => zone.startsWith(area));
}

export function withoutTwins(zones: string[], now: Date): string[] {
  const months = Array.from({ length: 13 }, (_, month) => new Date(now.getTime() + month * 28 * 24 * 3600 * 1000));
  const seen = new Map<string, string>();
  for (const zone of zones) {
    const clocks = months.map((instant) => localDateTime(instant, zone)).join();
    if (!seen.has(clocks)) seen.set(clocks, zone);
  }
  return [...seen.values()];
}

export function plain(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll("ß", "ss")
    .replaceAll("ł", "l")
    .replaceAll("ø", "o")
    .replace(/[\s_.-]+/g, " ")
    .trim();
}

const cityIndex = once(() => indexOf(Object.entries(CITIES)));
const continentIndex = once(() => indexOf(Object.entries(CONTINENTS)));
const countryIndex = once(() => {
  const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  const codes = letters.flatMap((a) => letters.map((b) => a + b)).filter((code) => zonesOfCountry(code).length > 0);
  const names = ["en", "de"].flatMap((language) =>
    (["long", "short"] as const).map(
      (style) => new Intl.DisplayNames([language], { type: "region", style, fallback: "none" }),
    ),
  );
  const entries = codes.flatMap((code) => names.map((of): [string, string] => [code, of.of(code) ?? ""]));
  return indexOf([...entries, ...Object.entries(OTHER_NAMES)]);
});

function zonesOfCountry(code: string): string[] {
  // Not yet in the types of this TypeScript.
  const locale = new Intl.Locale(`und-${code}`) as Intl.Locale & { getTimeZones?: () => string[] | undefined };
  return locale.getTimeZones?.() ?? [];
}

/** Maps each name to what it means; names with umlauts also with ae, oe and ue. */
function indexOf(entries: Array<[meant: string, names: string]>): Map<string, string> {
  const transcribed = (name: string) => name.replace(/[äöüÄÖÜ]/g, (umlaut) => `${plain(umlaut)}e`);
  const namesOf = (names: string) => names.split(", ").filter(Boolean);
  const spellings = (names: string) => namesOf(names).flatMap((name) => [plain(name), plain(transcribed(name))]);
  return new Map(entries.flatMap(([meant, names]) => spellings(names).map((it) => [it, meant] as const)));
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

/** Every word that the page builds by itself; what never changes is in index.html. */

const NARROW = "\u202f";
const NBSP = "\u00a0";

const plural = (count, one, many) => `${count}${NBSP}${count > 1 ? many : one}`;

/** Why the server refuses an act of the page, by its own words (Telegram's, where they are known). */
const REFUSALS = {
  "message text is empty": "le message est vide.",
  "message is too long": "le message est trop long.",
  "message to tap on not found": "ce message n’existe plus.",
  "the message has no such button": "ce bouton n’existe plus.",
  "message to be replied not found": "le message auquel vous répondez n’existe plus.",
  "the bot has no inline mode": "la recherche depuis d’autres conversations est éteinte.",
  "the query is too long": "ces mots sont trop longs pour une recherche.",
  RESULT_ID_INVALID: "ce résultat n’est plus proposé. Cherchez de nouveau.",
  "file must be non-empty": "ce fichier est vide.",
  "file is too big": "ce fichier est trop gros.",
  IMAGE_PROCESS_FAILED: "cette image ne peut pas être lue.",
  "chat not found": "cette conversation n’existe plus. Rechargez la page.",
  "the person is not in this chat": "cette personne n’est plus dans la conversation.",
  "Request Entity Too Large": "c’est trop gros.",
};

export const fr = {
  pageTitle: (name) => `Aperçu local – ${name}`,
  privateChats: "Entreprises",
  groupChats: "Équipes",
  groupOf: (names) => `Groupe${NBSP}: ${names.join(", ")} et l’assistant`,
  unread: (count) => plural(count, "message non lu", "messages non lus"),
  newMessages: (count) => plural(count, "nouveau message", "nouveaux messages"),
  arrivedIn: (title) => `Nouveau message${NBSP}: ${title}`,
  noMessage: "Aucun message",
  you: "Vous",
  saidBy: (name) => `${name}${NBSP}: `,

  today: "Aujourd’hui",
  yesterday: "Hier",
  edited: "modifié",
  reply: "Répondre",
  replyToMessageOf: (time) => `Répondre au message de ${time}`,
  replyTo: (name) => `Réponse à ${name}`,
  original: "Voir le message d’origine",

  photo: "Photo",
  photoBy: (name) => `Photo envoyée par ${name}`,
  voice: "Message vocal",
  audio: "Fichier audio",
  sticker: "Autocollant",
  location: "Position",
  contact: "Contact",
  video: "Vidéo",
  document: "Document",
  download: "Télécharger",
  unknown: "Message d’un autre type",
  supergroup: "Le groupe est devenu un supergroupe.",
  bytes: (count) => `${count}${NBSP}octets`,
  kilobytes: (count) => `${count}${NBSP}Ko`,
  megabytes: (count) => `${count}${NBSP}Mo`,

  spoiler: "Texte masqué, afficher",
  showMore: "Afficher la suite",
  showLess: "Réduire",
  opensTab: "(nouvel onglet)",
  waiting: "en attente de la réponse du bot",
  copied: "Copié.",
  notCopied: "La copie n’est pas permise ici.",
  unsupported: "Ce bouton n’existe que dans Telegram.",
  ownChatOnTelegram:
    "Dans Telegram, ce lien ouvre votre propre conversation privée avec l’assistant. " +
    "Dans cet aperçu, les membres d’un groupe n’en ont pas.",

  emptyGroupTitle: "Rien à signaler pour l’instant",
  emptyGroup: "L’assistant écrit ici quand il a quelque chose à transmettre à l’équipe.",
  emptyGroupCommands: "Les membres peuvent aussi lui envoyer des commandes.",
  emptyPrivate: "Posez une question, ou démarrez la conversation pour voir ce que l’assistant propose.",
  composerPrivate: "Message à l’assistant",
  composerGroup: "Message au groupe",
  commandCount: (count) =>
    `${plural(count, "commande proposée", "commandes proposées")}${NARROW}; flèches pour choisir.`,
  inlineName: "Chercher un projet ou une réponse",
  inlineSearching: "L’assistant cherche…",
  inlineNothing: "L’assistant n’a rien trouvé pour ces mots.",
  inlineSilent: "L’assistant n’a pas répondu.",
  inlineMore: "Autres résultats",
  inlineCount: (count) =>
    `${plural(count, "résultat", "résultats")}${NARROW}; flèches pour choisir, Entrée pour envoyer.`,
  via: (username) => `via @${username}`,
  noSuchCommand: "Aucune commande ne correspond.",
  noCommands: "Il n’y a pas de commande pour cette conversation.",
  noGroupCommands: "Il n’y a pas de commande pour ce groupe.",
  tooLong: (length) =>
    `${length.toLocaleString("fr-FR")} caractères${NBSP}: Telegram s’arrête à 4${NARROW}096. Raccourcissez ou coupez en deux messages.`,
  blocked: (name) => `${name} a bloqué le bot.`,
  unblocked: (name) => `${name} a débloqué le bot.`,

  lost: "Le serveur local ne répond plus. Nouvel essai automatique…",
  retry: "Réessayer maintenant",
  back: "Le serveur local répond de nouveau.",
  offline: "Le serveur local ne répond pas. Votre message est gardé dans la zone de saisie.",
  actionOffline: "Le serveur local ne répond pas. Réessayez dans un instant.",
  refused: (reason) => {
    const why = REFUSALS[reason.replace("Bad Request: ", "")];
    return `Refusé${NBSP}: ${why ?? "le serveur local n’a pas pu faire cela. Rechargez la page, puis recommencez."}`;
  },
  noAnswer: "Le bot n’a pas répondu à ce bouton.",
  emptied: "Les conversations sont vides.",
};

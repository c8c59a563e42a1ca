"""Small right files, for the tests of the knowledge to spoil."""

PROJECTS = """\
projets:
  - id: partage
    titre: "Partage"
    resume: "Partager."
    recherche: "Des machines."
    cherche_un_chef_de_file: oui
    territoires: [Istres]
    filieres: [Chimie]
    etape: idée
    mis_a_jour_le: 2026-11-23
"""
ACTS = """\
actes:
  - id: bonjour
    variantes: ["bonjour"]
    reponse: "Bonjour."
"""

// The sentences of the verdicts of verify.js: by verdict and code (docs/proofs.md §8), in Japanese and English.

const ANY = {
  no_key: [
    "署名の鍵が指定されていないため、確かめられません。ファイルの中の鍵の指紋は {detail} です。別の手段で入手した指紋と比べてください。",
    "No trusted key was given, so this cannot be confirmed. The fingerprint of the key in the file is {detail}: compare it with one you got elsewhere.",
  ],
  key: [
    "指定された鍵による署名がありません（台帳：{detail}）。別の設置の報告書か、未知の鍵で署名されたものです。",
    "There is no signature by a key you trust (ledger: {detail}). The report is of another installation, or an unknown key signed it.",
  ],
  signature: [
    "チェックポイントの署名が正しくありません。台帳の大きさかルートが変えられています。",
    "The signature of the checkpoint is wrong: its size or root was changed.",
  ],
  inclusion: [
    "証明がチェックポイントのルートに届きません。この登録は、署名された台帳に含まれていません。",
    "The proof does not lead to the root of the checkpoint: this entry is not in the signed ledger.",
  ],
};

export const WORDS = {
  record: {
    ...ANY,
    ok: [
      "添付の記録は、署名された台帳に登録されたものと同じです。（印刷面の確認にはなりません。）",
      "The attached record is the one entered in the signed ledger. (This says nothing of the printed pages.)",
    ],
    revision: [
      "発行されたままのPDFではありません。発行後に追記・修正されたか、読み取れません（{detail}）。",
      "This is not a PDF as it was issued: something was added later, or it cannot be read ({detail}).",
    ],
    unproven: [
      "証明の添付がない報告書です。ファイルのSHA-256を発行の記録と比べてください。",
      "This report carries no proof. Compare the SHA-256 of the file with the register instead.",
    ],
    attachments: [
      "添付ファイルが決められた5点と合いません。差し替え・重複・不足があります（{detail}）。",
      "The attachments are not the five that belong there: one was swapped, doubled or taken out ({detail}).",
    ],
    json: ["添付のJSONが正規の形ではありません（{detail}）。", "An attached JSON file is not in canonical form ({detail})."],
    proof: ["添付の証明（record.tlog-proof）の書式が正しくありません（{detail}）。", "The attached proof (record.tlog-proof) is out of form ({detail})."],
    checkpoint: [
      "添付のチェックポイントが、証明に含まれるものと違います。",
      "The attached checkpoint is not the one in the proof.",
    ],
    event: [
      "台帳の登録が、この記録のものではありません（{detail}）。記録が変えられているか、別の報告書の証明です。",
      "The ledger entry is not about this record ({detail}): the record was changed, or the proof belongs to another report.",
    ],
  },
  file: {
    ...ANY,
    ok: ["このファイルは、発行されたものと1バイトも違いません。", "This file is the issued one, byte for byte."],
    no_sidecar: [
      "サイドカー（.tlog-proof）がないため、印刷面を含むファイル全体は確かめていません。",
      "Without the sidecar (.tlog-proof) the file as a whole, with its printed pages, was not checked.",
    ],
    proof: ["サイドカーの書式が正しくありません（{detail}）。", "The sidecar is out of form ({detail})."],
    json: ["サイドカーの登録の内容が正規の形ではありません（{detail}）。", "The entry in the sidecar is not in canonical form ({detail})."],
    event: [
      "サイドカーの登録が、発行の登録ではありません（{detail}）。",
      "The entry in the sidecar is not that of an issue ({detail}).",
    ],
    file: [
      "このファイルは、サイドカーが示す発行済みのファイルと違います。発行後に変えられたか、別の報告書のサイドカーです。",
      "This file is not the issued one the sidecar speaks of: it was changed, or the sidecar belongs to another report.",
    ],
  },
  history: {
    ...ANY,
    ok: [
      "台帳は、保存されたチェックポイントの続きです。過去の登録は書き換えられていません。",
      "The ledger continues the checkpoint you saved: nothing before it was rewritten.",
    ],
    no_key: ["署名の鍵が指定されていないため、確かめられません。", "No trusted key was given, so this was not checked."],
    no_checkpoint: [
      "以前に保存したチェックポイントがないため、台帳の書き換えは確かめていません。",
      "Without a checkpoint you saved earlier, it was not checked whether the ledger was rewritten.",
    ],
    saved: ["保存されたチェックポイントの書式が正しくありません（{detail}）。", "The saved checkpoint is out of form ({detail})."],
    key: ["保存されたチェックポイントに、指定された鍵による署名がありません（台帳：{detail}）。", "The saved checkpoint has no signature by a key you trust (ledger: {detail})."],
    signature: ["保存されたチェックポイントの署名が正しくありません。", "The signature of the saved checkpoint is wrong."],
    nothing: ["記録もファイルも確かめられなかったため、比べるものがありません。", "Neither the record nor the file could be confirmed, so there is nothing to compare."],
    consistency: ["整合性の証明の書式か署名が正しくありません（{detail}）。", "A consistency proof is out of form or not signed ({detail})."],
    origin: ["保存されたチェックポイントは、別の台帳のものです（報告書の台帳：{detail}）。", "The saved checkpoint is of another ledger (ledger of the report: {detail})."],
    fork: [
      "台帳が、保存されたチェックポイントの後で書き換えられています（大きさ{detail}で食い違います）。",
      "The ledger was rewritten since the checkpoint you saved (they part at size {detail}).",
    ],
    no_consistency: [
      "2つのチェックポイント（大きさ {detail}）をつなぐ整合性の証明がありません。「governance ledger prove」で作れます。",
      "There is no consistency proof between the two checkpoints (sizes {detail}); `governance ledger prove` writes one.",
    ],
  },
};

export const REFUSED = {
  vkey: ["鍵の書き方が正しくありません。vkeyの1行をそのまま貼り付けてください。", "This is no key. Paste the line of the vkey as it is."],
  no_crypto: [
    "このブラウザは、署名の検証（Ed25519）に対応していません。新しいブラウザを使うか、検証プログラム（verify_report.py）で確かめてください。",
    "This browser cannot check signatures (Ed25519). Use a newer one, or the verifier program (verify_report.py).",
  ],
  unreadable: ["ファイルを読み込めません。", "The file cannot be read."],
};

// The sentence of a verdict, in the language of the page.
export function sentence(kind, verdict, lang) {
  const both = WORDS[kind][verdict.code];
  return both[lang === "en" ? 1 : 0].replaceAll("{detail}", () => verdict.detail || "—");
}

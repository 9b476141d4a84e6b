// What the phone's page loads once somebody is signed in who may have a code to decide on.
import { phone as phoneWords } from '#messages/phone'
import { type Approval, type ApprovalView, createApproval } from './approval.ts'
import { createRequestCard, type RequestCardParts } from './request-card.ts'
import { createResultCard, type ResultCardParts, type ResultView } from './result-card.ts'

/** The parts that show one scanned login, from the question to its end. */
export interface ApprovalCards {
  readonly createApproval: typeof createApproval
  show(view: ApprovalView, approval: Approval): void
  /** The question is not to be seen any more. */
  leave(): void
  /** @param hasOthers whether there are other devices to sign out */
  offerToEndOthers(hasOthers: boolean): void
}

export function createApprovalCards(parts: RequestCardParts & ResultCardParts): ApprovalCards {
  const request = createRequestCard(parts)
  const result = createResultCard(parts)
  return {
    createApproval,
    show(view, approval) {
      if (view.kind === 'asking') request.show(view.request, view.endsAt, approval)
      else result.show(resultOf(view))
    },
    leave: request.hide,
    offerToEndOthers: result.offerToEndOthers,
  }
}

function resultOf(view: Exclude<ApprovalView, { kind: 'asking' }>): ResultView {
  switch (view.kind) {
    case 'match':
      return { kind: 'match', matchCode: view.matchCode, words: phoneWords.match }
    case 'waiting':
      return { kind: 'waiting', words: phoneWords.waiting }
    case 'done':
      return view
    case 'ended':
      return view
    default:
      return view satisfies never
  }
}

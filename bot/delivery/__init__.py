"""Discord as the jobs see it: a card that follows a job, and the track that ends it, once, by the next best way."""

from bot.delivery.alert_messages import AlertMessages
from bot.delivery.card_messages import CardMessages
from bot.delivery.log_messages import LogMessages
from bot.delivery.track_messages import TrackMessages

__all__ = ["AlertMessages", "CardMessages", "LogMessages", "TrackMessages"]
